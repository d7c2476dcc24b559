"""A folder is tried out by writing, and one sentence says what is wrong with it."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from shared.files.writable_folder import (
    UnusableFolder,
    no_folder_because,
    prepare_folder,
    unwritable_because,
)
from shared.files.write_errors import describe, why_not_written
from tests.support.folder_names import NAMES

NOBODY = 65534


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_any_name_is_created_and_stays_empty(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "data"
    assert unwritable_because(folder) is None
    assert not folder.exists(), "a check creates nothing"
    prepare_folder(folder, advice="choose another")
    assert list(folder.iterdir()) == []
    assert list(folder.parent.iterdir()) == [folder]


def test_a_file_in_place_of_the_folder_or_of_a_parent_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert no_folder_because(file) == f"{file} is a file, not a folder; move the file away"
    for below in (file / "data", file / "a" / "b"):
        problem = no_folder_because(below)
        assert problem == f"{below} cannot be created: {no_folder_because(file)}"
    with pytest.raises(UnusableFolder, match=r"is a file, not a folder.*, or choose another"):
        prepare_folder(file / "data", advice="choose another")


def test_a_dangling_link_and_a_loop_of_links_are_named(tmp_path: Path) -> None:
    link, loop = tmp_path / "link", tmp_path / "loop"
    link.symlink_to(tmp_path / "missing")
    loop.symlink_to(loop)
    for folder in (link, link / "data"):
        assert "which does not exist" in str(unwritable_because(folder))
    for folder in (loop, loop / "data"):
        assert "point to each other" in str(unwritable_because(folder))


def test_a_link_to_a_folder_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    prepare_folder(tmp_path / "link" / "data", advice="")
    assert (tmp_path / "real" / "data").is_dir()


def test_a_relative_folder_is_tried_out_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert unwritable_because(Path(".data")) is None
    Path(".data").touch()
    assert "is a file" in str(unwritable_because(Path(".data")))


@pytest.mark.parametrize("folder", ["x" * 300, "a\0b"])
def test_an_impossible_name_is_an_error_and_not_a_traceback(tmp_path: Path, folder: str) -> None:
    with pytest.raises(UnusableFolder):
        prepare_folder(tmp_path / folder / "data", advice="choose another")


def test_a_disk_that_refuses_to_write_is_found_by_root_too() -> None:
    """`/proc` is a file system that lets nobody create files, whatever the permissions say."""
    problem = unwritable_because(Path("/proc/preferstream/data"))
    assert problem is not None
    assert problem.startswith("/proc/preferstream/data cannot be created: /proc cannot be written")


def test_a_folder_of_another_user_is_named_with_its_owner() -> None:
    # Not in `tmp_path`, which other users cannot enter.
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o555)
        problem = _as_another_user(lambda: unwritable_because(folder / "kafka"))
    assert f"{folder} cannot be written to (it belongs to user " in problem
    assert "has no permission; give it write permission" in problem


def _as_another_user(check: Callable[[], str | None]) -> str:
    """The result of a check in a child process that is not root: root may write everywhere."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.write(write_end, str(check()).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as output:
        text = output.read()
    os.waitpid(child, 0)
    return text


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EDQUOT, "quota is used up"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "has no permission"),
        (errno.EFBIG, "ulimit -f"),
        (errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY)),
    ],
)
def test_an_error_is_described_in_words_with_its_file(number: int, words: str) -> None:
    error = OSError(number, os.strerror(number), "/data/file")
    assert words in why_not_written(error)
    assert describe(error) == f"/data/file: {why_not_written(error)}"
