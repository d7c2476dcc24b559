"""The reason why Kafka has ended comes from its log and from the disk itself."""

from pathlib import Path

import pytest

from services.local.kafka.java import end_reason


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("java.io.IOException: No space left on device", "the disk is full; free some space"),
        ("java.io.IOException: Disk quota exceeded", "quota is used up"),
        ("java.io.IOException: Read-only file system", "read-only"),
        ("java.io.IOException: File too large", "ulimit -f"),
        ("java.io.IOException: Too many open files", "ulimit -n"),
        ("java.io.IOException: Input/output error", "check the disk"),
    ],
)
def test_an_error_of_the_disk_in_the_log_is_the_reason(
    tmp_path: Path, line: str, words: str
) -> None:
    log = tmp_path / "kafka.log"
    log.write_text(
        f"WARN something\nERROR Error while appending records\n{line}\n\tat Log.append\n"
    )
    reason = end_reason(tmp_path, log)
    assert words in reason
    assert "no acknowledged event is lost" in reason
    assert "\n" not in reason


def test_a_disk_that_cannot_be_written_is_the_reason_without_a_log() -> None:
    assert "/proc cannot be written to" in end_reason(Path("/proc"), Path("/proc/kafka.log"))


def test_another_end_names_the_log(tmp_path: Path) -> None:
    assert str(tmp_path / "kafka.log") in end_reason(tmp_path, tmp_path / "kafka.log")
