"""A benchmark has a name, a file or a folder; a simulated benchmark is written once."""

import json
from pathlib import Path

import pytest

from services.cli.files.benchmark_files import (
    BenchmarkNotFound,
    BenchmarkNotWritten,
    find_benchmark,
)


def test_a_file_or_a_folder_has_no_level(tmp_path: Path) -> None:
    file = tmp_path / "SET.json"
    file.write_text(json.dumps([]))
    for path in (file, tmp_path):
        benchmark = find_benchmark(str(path), data_dir=tmp_path, limit=None)
        assert (benchmark.path, benchmark.level) == (path, None)


def test_another_name_is_an_error_that_lists_the_names(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkNotFound, match=r"prefersim, prefersim-easy"):
        find_benchmark("prefersim-medium", data_dir=tmp_path, limit=None)


WRITER = "tests.unit.services.cli.fake_simulator"


def test_a_simulated_benchmark_is_written_on_first_use_and_then_reused(tmp_path: Path) -> None:
    first = find_benchmark("prefersim", data_dir=tmp_path, limit=None, writer=WRITER)
    again = find_benchmark("prefersim", data_dir=tmp_path, limit=None, writer=WRITER)
    assert first == again
    assert first.level == "hard"
    assert (first.path / "arguments.txt").read_text() == "--level hard"
    assert (tmp_path / "benchmarks" / "runs.txt").read_text() == "run\n"


def test_a_limit_writes_only_its_items_unless_the_whole_benchmark_exists(tmp_path: Path) -> None:
    few = find_benchmark("prefersim-easy", data_dir=tmp_path, limit=3, writer=WRITER)
    assert few.level == "easy"
    assert (few.path / "arguments.txt").read_text() == "--level easy --limit 3"
    whole = find_benchmark("prefersim-easy", data_dir=tmp_path, limit=None, writer=WRITER)
    assert whole.path != few.path
    assert find_benchmark("prefersim-easy", data_dir=tmp_path, limit=3, writer=WRITER) == whole


def test_an_unfinished_benchmark_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "fail").touch()
    with pytest.raises(BenchmarkNotWritten, match="ended with code 3"):
        find_benchmark("prefersim", data_dir=tmp_path, limit=None, writer=WRITER)
    (tmp_path / "benchmarks" / "fail").unlink()
    benchmark = find_benchmark("prefersim", data_dir=tmp_path, limit=None, writer=WRITER)
    assert (benchmark.path / "arguments.txt").is_file()
