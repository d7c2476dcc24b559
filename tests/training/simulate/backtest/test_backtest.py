"""The backtest with the shipped model finds simulated tastes, and names what a history lacks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.jobs.backtest_report import BacktestReport
from training.simulate.backtest.simulated_history import CERTAIN_CLICKS, write_history


def run(*arguments: str | Path, roots: Path, code: int = 0) -> BacktestReport:
    from os import environ

    done = subprocess.run(
        [sys.executable, "-m", "training.simulate.backtest", *map(str, arguments)],
        capture_output=True, text=True, check=False,
        env={**environ, "PREFERSTREAM_ALLOWED_FILE_ROOTS": str(roots)},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return BacktestReport.model_validate(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.model
def test_our_order_of_a_simulated_history_beats_chance(tmp_path: Path) -> None:
    history = write_history(tmp_path, users=4, lists=3, images=4, clicks=CERTAIN_CLICKS)
    report = run(history, "--format", "metarank", "--rankings", "6", roots=tmp_path)
    ours, random = report.methods["ours"], report.methods["random"]
    assert ours.rankings == random.rankings <= 6
    assert ours.ndcg.value > random.ndcg.value
    assert report.off_policy.support is not None
    assert report.off_policy.support.unit == "placements"
    assert report.missing == ()


def test_a_history_without_images_says_what_is_missing(tmp_path: Path) -> None:
    history = write_history(tmp_path, users=3, lists=3, images=4)
    lines = history.read_text(encoding="utf-8").splitlines()
    bare = tmp_path / "bare.jsonl"
    bare.write_text("\n".join(line for line in lines if '"item", "id"' not in line))
    report = run(bare, "--format", "metarank", roots=tmp_path)
    assert report.methods == {}
    assert "--uri-template" in report.missing[0]
