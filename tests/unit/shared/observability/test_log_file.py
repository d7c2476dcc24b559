"""A log file on a full disk is reported once, loses only messages, and recovers."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.observability.log_file import REPORT_SECONDS, LogFile
from tests.fakes.clock import FakeTime

FULL = Path("/dev/full")
"""A device on which every write fails, as on a full disk."""


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def log(tmp_path: Path, clock: FakeTime) -> Iterator[logging.Logger]:
    logger = logging.Logger("test")
    handler = LogFile(tmp_path / "services.log", max_bytes=1_000_000, clock=clock)
    logger.addHandler(handler)
    yield logger
    handler.close()


def fill(log: logging.Logger, path: Path) -> None:
    """Let the next messages go to a full disk."""
    (handler,) = log.handlers
    assert isinstance(handler, LogFile)
    handler.close()
    handler.baseFilename = str(path)


def test_a_full_disk_is_reported_once_and_not_once_a_message(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], clock: FakeTime
) -> None:
    fill(log, FULL)
    for number in range(5_000):
        log.warning("message %d", number)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("/dev/full: the disk is full; free some space") or "disk is full" in line
    clock.now += REPORT_SECONDS
    log.warning("later")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_number_of_lost_messages_is_written_when_there_is_space_again(
    log: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.warning("before")
    fill(log, FULL)
    for _ in range(3):
        log.warning("lost")
    fill(log, tmp_path / "services.log")
    log.warning("after")
    log.warning("last")
    lines = (tmp_path / "services.log").read_text().splitlines()
    assert lines == [
        "before", "after", "3 log messages before this line could not be written", "last"
    ]  # fmt: skip
    assert "Traceback" not in capsys.readouterr().err


def test_a_folder_that_disappears_is_reported_and_not_raised(
    log: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(log, tmp_path / "missing" / "services.log")
    log.warning("lost")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_wrong_format_is_still_a_bug_that_is_printed(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    log.warning("%d", "text")
    assert "Traceback" in capsys.readouterr().err or "Logging error" in capsys.readouterr().err
