"""A benchmark is found by its name, file or folder; a simulated one is written once."""

import json
from pathlib import Path

import pytest

from services.cli.benchmark_files import BenchmarkNotFound, BenchmarkNotWritten, find_benchmark


def test_a_file_or_a_folder_has_no_level(tmp_path: Path) -> None:
    file = tmp_path / "SET.json"
    file.write_text(json.dumps([]))
    for path in (file, tmp_path):
        found = find_benchmark(str(path), data_dir=tmp_path, limit=None)
        assert (found.path, found.level) == (path, None)


def test_anything_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkNotFound, match=r"prefersim, prefersim-easy"):
        find_benchmark("prefersim-medium", data_dir=tmp_path, limit=None)


WRITER = "tests.unit.services.cli.fake_simulator"


def test_a_simulated_one_is_written_on_first_use_and_then_found(tmp_path: Path) -> None:
    first = find_benchmark("prefersim", data_dir=tmp_path, limit=None, writer=WRITER)
    again = find_benchmark("prefersim", data_dir=tmp_path, limit=None, writer=WRITER)
    assert first == again
    assert first.level == "hard"
    assert (first.path / "said.txt").read_text() == "--level hard"
    assert (tmp_path / "benchmarks" / "runs.txt").read_text() == "run\n"


def test_a_limit_writes_only_its_items_unless_all_are_there(tmp_path: Path) -> None:
    few = find_benchmark("prefersim-easy", data_dir=tmp_path, limit=3, writer=WRITER)
    assert few.level == "easy"
    assert (few.path / "said.txt").read_text() == "--level easy --limit 3"
    whole = find_benchmark("prefersim-easy", data_dir=tmp_path, limit=None, writer=WRITER)
    assert whole.path != few.path
    assert find_benchmark("prefersim-easy", data_dir=tmp_path, limit=3, writer=WRITER) == whole


def test_one_that_was_not_finished_is_no_benchmark(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "fail").touch()
    with pytest.raises(BenchmarkNotWritten, match="ended with 3"):
        find_benchmark("prefersim", data_dir=tmp_path, limit=None, writer=WRITER)
    (tmp_path / "benchmarks" / "fail").unlink()
    found = find_benchmark("prefersim", data_dir=tmp_path, limit=None, writer=WRITER)
    assert (found.path / "said.txt").is_file()
