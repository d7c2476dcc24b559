"""A benchmark is found by its name, file or folder; a simulated one is written once."""

import json
from pathlib import Path

import pytest

from services.cli.benchmarks import NoBenchmark, find_benchmark


def test_a_file_or_a_folder_has_no_level(tmp_path: Path) -> None:
    file = tmp_path / "SET.json"
    file.write_text(json.dumps([]))
    for path in (file, tmp_path):
        found = find_benchmark(str(path), data_dir=tmp_path, limit=None)
        assert (found.path, found.level) == (path, None)


def test_anything_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoBenchmark, match=r"prefersim, prefersim-easy"):
        find_benchmark("prefersim-medium", data_dir=tmp_path, limit=None)
