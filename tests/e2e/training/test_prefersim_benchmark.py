"""A simulated benchmark is written on first use, and evaluated at its level."""

import json
from pathlib import Path

import pytest

from tests.e2e.system import preferstream

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("bench", "level", "references"), [("prefersim", "hard", 8), ("prefersim-easy", "easy", 5)]
)
def test_a_simulated_benchmark_is_written_and_evaluated(
    tmp_path: Path, bench: str, level: str, references: int
) -> None:
    completed = preferstream(
        "evaluate", "--bench", bench, "--limit", "1", "--json", data_dir=tmp_path, timeout=800,
        PREFERSTREAM_MODEL_THREADS="1",
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    report = json.loads(completed.stdout)
    assert report["level"] == level
    assert report["references"] == references
    assert {name: split["n"] for name, split in report["splits"].items()} == {
        "seen_sp": 1, "seen_mp": 1, "unseen_sp": 1, "unseen_mp": 1,
    }  # fmt: skip
    assert not report["left_out"]
    assert not report["unknown_keys"]
    (written,) = (tmp_path / "benchmarks").iterdir()
    assert (written / "checksum.txt").read_text().strip() == report["checksum"]
