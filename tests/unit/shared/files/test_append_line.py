"""A line that was cut off damages no other line."""

import json
import resource
from pathlib import Path

import pytest

from shared.files.append_line import append_line


def test_lines_are_appended_also_after_a_line_without_its_end(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    append_line(file, '{"a": 1}')
    with file.open("a") as stream:
        stream.write('{"torn')
    append_line(file, '{"b": "\u00fc"}')
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(lines[0]), lines[1], json.loads(lines[2])] == [
        {"a": 1}, '{"torn', {"b": "\u00fc"}
    ]  # fmt: skip


def test_a_line_that_does_not_fit_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    append_line(file, "first")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        with pytest.raises(OSError, match="large"):
            append_line(file, "x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.read_text() == "first\n"
