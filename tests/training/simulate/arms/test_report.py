"""The report compares arms by user over seeds, and states any outcome plainly."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.simulate.arms.report.comparisons import (
    ADAPTER,
    SFT,
    SFT_DPO,
    SFT_GRPO,
    WEIGHTED,
    DifferentRecordings,
    Recorded,
    collapse_checks,
    comparisons,
)
from training.simulate.arms.report.plot import plot
from training.simulate.arms.report.readme_block import block
from training.simulate.arms.report.table import report
from training.simulate.measure.day_metrics import COLLAPSED, OURS
from training.statistics.bootstrap import mean_over_groups

LEVELS = {
    "random": 0.7, "frozen": 0.85, WEIGHTED: 0.88, "embedding model": 0.89, SFT: 0.9,
    SFT_DPO: 0.905, SFT_GRPO: 0.91, ADAPTER: 0.905, OURS: 0.9, "oracle": 1.0, COLLAPSED: 0.8,
}  # fmt: skip


def _seed(seed: int, *, days: int = 3, users: int = 40, **changes: float) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 0.02, users)

    def arm(name: str, day: int) -> dict[str, Any]:
        level = {**LEVELS, **changes}[name] if day else min(LEVELS[name], LEVELS[WEIGHTED])
        values = np.clip(level + own + rng.normal(0, 0.002, users), 0, 1)
        collapsed = name == COLLAPSED
        return {
            "ndcg_by_user": {str(n): round(float(v), 4) for n, v in enumerate(values)},
            "coverage_at_5": 0.3 if collapsed else 0.8,
            "exposure_diversity_at_5": 0.2 if collapsed else 0.7,
        }

    job = {"verdict": "promoted", "code": "better", "version": "v", "reason": "+3.0 points"}
    return {
        "seed": seed,
        "options": {"users": users},
        "days": [
            {"arms": {name: arm(name, day) for name in LEVELS}}
            | ({"job": job} if day < days - 1 else {})
            for day in range(days)
        ],
        "chains": {},
        "benchmarks": {SFT_GRPO: {"mean": -0.004, "low": -0.01, "high": 0.002, "pairs": 480}},
    }


def _recorded(**changes: float) -> Recorded:
    return Recorded({seed: _seed(seed, **changes) for seed in (1, 2, 3)})


def test_shares_of_sft_and_grpo_are_told_apart_with_intervals() -> None:
    by_pair = {(one.first, one.second): one for one in comparisons(_recorded())}
    sft, grpo = by_pair[(SFT, WEIGHTED)].last_day, by_pair[(SFT_GRPO, SFT)].last_day
    assert sft.value == pytest.approx(0.02, abs=0.002)
    assert grpo.value == pytest.approx(0.01, abs=0.002)
    whole = by_pair[(SFT_GRPO, WEIGHTED)]
    assert whole.last_day.value == pytest.approx(sft.value + grpo.value)
    assert whole.users == 120
    assert whole.last_day.low < whole.last_day.value < whole.last_day.high
    # The first of the three days had no gain yet.
    assert whole.last_days.value == pytest.approx(2 / 3 * 0.03, abs=0.003)


def test_intervals_hold_what_seeds_add() -> None:
    rng = np.random.default_rng(0)
    same = [rng.normal(0.5, 0.01, 50) for _ in range(3)]
    apart = [values + shift for values, shift in zip(same, (-0.1, 0, 0.1), strict=True)]
    narrow, wide = mean_over_groups(same), mean_over_groups(apart)
    assert wide.high - wide.low > 5 * (narrow.high - narrow.low)
    assert narrow.value == pytest.approx(wide.value)
    one = mean_over_groups([same[0]])
    assert one.low < same[0].mean() < one.high
    with pytest.raises(ValueError, match="at least one user"):
        mean_over_groups([same[0], np.array([])])


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({}, "is reached"),
        ({SFT_GRPO: 0.89}, "below the goal of two points"),
        ({SFT_GRPO: 0.88}, "No gain is shown"),
        ({SFT_GRPO: 0.86}, "make the model worse"),
    ],
)
def test_the_readme_says_plainly_whether_the_goal_is_reached(
    changes: dict[str, float], phrase: str
) -> None:
    text = " ".join(block(_recorded(**changes)).split())
    assert phrase in text
    assert "6 nights through Kafka: 6 promoted" in text
    assert "None crashed" in text
    assert "-0.4 points (3 seeds, 1440 pairs), within the limit" in text
    assert "**Diversity**, top 5 of 60 candidates" in text


def test_the_readme_says_whether_grpo_beats_dpo() -> None:
    assert "GRPO beats DPO" in " ".join(block(_recorded()).split())
    assert "GRPO loses to DPO" in " ".join(block(_recorded(**{SFT_DPO: 0.93})).split())
    assert "GRPO ties with DPO" in " ".join(block(_recorded(**{SFT_DPO: 0.91})).split())


def test_the_collapsed_arm_fails_and_the_others_pass() -> None:
    checks = collapse_checks(_recorded())
    assert all(not check.passed and check.is_valid for check in checks[COLLAPSED].values())
    assert all(check.passed for check in checks[SFT_GRPO].values())
    table = report(_recorded())
    assert f"| {COLLAPSED} | 0.300 | 0.200 | COLLAPSED |" in table
    assert f"| {SFT_GRPO} | 0.800 | 0.700 | no collapse |" in table


def test_the_plot_has_a_line_for_each_arm_that_was_measured_every_day() -> None:
    recorded = _recorded()
    assert plot(recorded).count("<polyline") == 7
    del recorded.by_seed[2]["days"][1]["arms"][SFT_DPO]
    assert plot(recorded).count("<polyline") == 6


def test_records_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    def written(name: str, fields: dict[str, Any]) -> Path:
        (tmp_path / name).write_text(json.dumps(fields))
        return tmp_path / name

    one, again = written("1.json", _seed(1)), written("again.json", _seed(1))
    assert Recorded.read([one]).days == 3
    with pytest.raises(DifferentRecordings, match="repeats seed 1"):
        Recorded.read([one, again])
    with pytest.raises(DifferentRecordings, match="other days"):
        Recorded.read([one, written("2.json", _seed(2, days=2))])
    with pytest.raises(DifferentRecordings, match="no record of arms"):
        Recorded.read([written("no.json", {"seed": 4})])
