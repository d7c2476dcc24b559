"""A small simulation: users click through Kafka, one job runs, every ranking is measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.system import environment

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.night, pytest.mark.timeout(3600)]
SMALL = (
    "--jobs", "1", "--users", "6", "--catalog-size", "40", "--slates-per-day", "1",
    "--slate-size", "6", "--seeds", "1", "--minutes", "2",
)  # fmt: skip


def _simulate(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "training.simulate", *SMALL, "--out", str(folder)],
        env=environment(folder, PREFERSTREAM_OPS_PORT="0"), capture_output=True, text=True,
        check=False, timeout=1_700,
    )  # fmt: skip


def test_a_job_runs_and_every_baseline_is_measured(tmp_path: Path) -> None:
    completed = _simulate(tmp_path)
    assert completed.returncode == 0, completed.stderr[-3000:]
    assert "After 1 jobs NDCG@10" in completed.stdout
    results = json.loads((tmp_path / "results.json").read_text())
    rankings = results["metrics"]["ndcg"]
    assert set(rankings) == {
        "ours", "random", "popularity", "similarity", "collaborative", "frozen", "oracle",
        "collapsed",
    }  # fmt: skip
    assert [round(day["mean"], 6) for day in rankings["oracle"]] == [1.0, 1.0]
    assert all(len(days) == 2 for days in rankings.values())
    (job,) = results["jobs"]["1"]
    assert (job["verdict"], job["code"]) == ("kept", "too_little_data")
    assert "<polyline" in (tmp_path / "ndcg.svg").read_text()
    first = (tmp_path / "seed-1" / "day-00.json").read_text()
    # As after a kill before the last day was written: finished days stay unchanged.
    (tmp_path / "seed-1" / "day-01.json").unlink()
    assert _simulate(tmp_path).returncode == 0
    assert (tmp_path / "seed-1" / "day-00.json").read_text() == first
    assert (tmp_path / "seed-1" / "day-01.json").exists()
