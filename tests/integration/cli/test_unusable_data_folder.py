"""A data folder that cannot be used ends every command with one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.connection import ConnectionSettings
from services.cli.doctor.checks import check_data_folder, check_disk, check_lake_folder

VERBS = (
    ("up",),
    ("demo", "--headless"),
    ("night", "--dry-run"),
    ("evaluate", "--bench", "prefersim-easy"),
)
READING_VERBS = (("feed",), ("models", "list"), ("profile", "show", "ada"), ("erase", "ada"))
READ_ONLY = Path("/proc/preferstream")
"""On a file system on which nobody creates files."""


def run(*arguments: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFERSTREAM_")}
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        env={**kept, "PREFERSTREAM_DATA_DIR": str(data_dir)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "file"
    file.touch()
    return file


@pytest.fixture
def dangling(tmp_path: Path) -> Path:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "missing")
    return link


def error_of(completed: subprocess.CompletedProcess[str]) -> str:
    """The last line of standard error, after lines of progress; there is no other error."""
    assert completed.returncode == 1, completed.stderr
    *progress, error = completed.stderr.splitlines()
    assert len(progress) <= 1, completed.stderr
    assert error.startswith("preferstream: the data folder cannot be used") or (
        error.startswith("preferstream: ") and "evaluation" in error
    )
    return error


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_a_command_that_writes_says_what_is_wrong_with_the_folder(
    arguments: tuple[str, ...], file: Path, dangling: Path
) -> None:
    assert "is a file, not a folder" in error_of(run(*arguments, data_dir=file))
    assert "is a file, not a folder" in error_of(run(*arguments, data_dir=file / "below"))
    assert "which does not exist" in error_of(run(*arguments, data_dir=dangling))
    assert "/proc cannot be written to" in error_of(run(*arguments, data_dir=READ_ONLY))


@pytest.mark.parametrize("arguments", READING_VERBS, ids=" ".join)
def test_a_command_that_reads_does_not_search_in_a_file(
    arguments: tuple[str, ...], file: Path, dangling: Path
) -> None:
    assert "is a file, not a folder" in error_of(run(*arguments, data_dir=file))
    assert "which does not exist" in error_of(run(*arguments, data_dir=dangling))


def test_the_doctor_tells_a_file_from_a_folder_and_read_only_from_missing(
    tmp_path: Path, file: Path, dangling: Path
) -> None:
    def detail(folder: Path) -> str:
        result = check_data_folder(ConnectionSettings(data_dir=folder))
        assert result.ok == (folder == tmp_path / "missing")
        assert result.ok or result.advice
        return result.detail

    assert detail(tmp_path / "missing") == str(tmp_path / "missing")
    assert "is a file, not a folder" in detail(file)
    assert "which does not exist" in detail(dangling)
    assert "cannot be written to" in detail(READ_ONLY)


def test_the_doctor_reports_little_space_below_the_limit_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ConnectionSettings(data_dir=tmp_path / "missing")
    monkeypatch.setenv("PREFERSTREAM_DISK_WARNING_MEGABYTES", "0")
    assert check_disk(settings).ok
    monkeypatch.setenv("PREFERSTREAM_DISK_WARNING_MEGABYTES", str(2**40))
    assert not check_disk(settings).ok


def test_the_doctor_says_where_the_lake_of_a_folder_with_a_percent_sign_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("PREFERSTREAM_DATA_DIR", str(tmp_path / "my%20data"))
    result = check_lake_folder(ConnectionSettings())
    assert result.ok
    assert "'%20'" in result.detail
    assert str(tmp_path / "xdg") in result.detail
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "[x]"))
    assert not check_lake_folder(ConnectionSettings()).ok


def test_a_reader_that_ends_early_causes_no_traceback(tmp_path: Path) -> None:
    code = (
        "import services.cli.program.app as program;"
        "program.app = lambda: [print('x' * 1000) for _ in range(10_000)]; program.run()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.readline()
        command.stdout.close()
        assert command.stderr.read() == ""
        assert command.wait(30) == 141
