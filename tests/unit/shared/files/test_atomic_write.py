"""A file has its old content or its new content, never a part of it."""

import os
from pathlib import Path

import pytest

from shared.files.atomic_write import atomic_file, atomic_write


def test_a_file_is_replaced_and_no_temporary_file_remains(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    atomic_write(file, "old")
    atomic_write(file, "\u00fcber")
    assert file.read_bytes() == "\u00fcber".encode()
    assert os.listdir(tmp_path) == ["result.json"]


def test_an_error_while_writing_keeps_the_old_content(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    atomic_write(file, b"old")
    with pytest.raises(ValueError, match="closed"), atomic_file(file) as stream:
        stream.close()  # the next write fails, as on a full disk
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["result.json"]


def test_a_reader_sees_the_old_content_until_the_end(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    atomic_write(file, "old")
    with atomic_file(file) as stream:
        stream.write(b"new")
        stream.flush()
        assert file.read_text() == "old"
        assert list(tmp_path.glob("*.json")) == [file], "a search must not find half a file"
    assert file.read_text() == "new"


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "missing" / "result.json", "text")
