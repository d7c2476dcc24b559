"""The report compares arms by user over seeds, and states any outcome plainly."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from training.simulate.arms.report.comparisons import (
    ADAPTER,
    LATEST,
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
from training.simulate.arms.report.readme_block import adapter_arm, block
from training.simulate.arms.report.table import report
from training.simulate.measure.day_metrics import COLLAPSED, OURS
from training.statistics.bootstrap import mean_over_groups

LEVELS = {
    "random": 0.7, "popularity": 0.75, "collaborative": 0.77, "vectors alone": 0.8,
    "frozen": 0.85, WEIGHTED: 0.88, "embedding model": 0.89, SFT: 0.9, SFT_DPO: 0.905,
    SFT_GRPO: 0.91, ADAPTER: 0.905, LATEST: 0.9, OURS: 0.9, "oracle": 1.0, COLLAPSED: 0.8,
}  # fmt: skip


NO_CHANGES: Mapping[str, float] = MappingProxyType({})


def _seed(
    seed: int, *, days: int = 3, users: int = 40, changes: Mapping[str, float] = NO_CHANGES
) -> dict[str, Any]:
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

    job = {
        "verdict": "promoted", "code": "better", "version": "v", "reason": "+3.0 points",
        "minutes": 5.0, "methods": "sft", "training": "SFT 40 steps",
    }  # fmt: skip
    return {
        "seed": seed,
        "options": {
            "users": users,
            "slates_per_day": 1,
            "slate_size": 20,
            "methods": "sft",
            "least_users": 20,
        },
        "days": [
            {"arms": {name: arm(name, day) for name in LEVELS}}
            | ({"job": job} if day < days - 1 else {})
            for day in range(days)
        ],
        "chains": {},
        "benchmarks": {SFT_GRPO: {"mean": -0.004, "low": -0.01, "high": 0.002, "pairs": 480}},
    }


def _recorded(**changes: float) -> Recorded:
    return Recorded({seed: _seed(seed, changes=changes) for seed in (1, 2, 3)})


def test_shares_of_sft_and_grpo_are_told_apart_with_intervals() -> None:
    by_pair = {(one.first, one.second): one for one in comparisons(_recorded())}
    sft, grpo = by_pair[(SFT, WEIGHTED)].last_day, by_pair[(SFT_GRPO, SFT)].last_day
    assert sft.value == pytest.approx(0.02, abs=0.002)
    assert grpo.value == pytest.approx(0.01, abs=0.002)
    whole = by_pair[(SFT_GRPO, WEIGHTED)]
    assert whole.last_day.value == pytest.approx(sft.value + grpo.value)
    assert whole.users == 120
    assert whole.last_day.low < whole.last_day.value < whole.last_day.high
    # The day before the first night does not count.
    assert whole.last_days is not None
    assert whole.last_days.value == pytest.approx(0.03, abs=0.003)


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
    assert "40 users a seed, one slate of 20 images a day, nights of 5 minutes" in text
    assert "trained with `sft`, verdicts from 20 held-out users on" in text
    # The marked block of README.md has 19 lines, and the file is as long as it may be.
    assert len(block(_recorded(**changes)).splitlines()) <= 19
    assert "None crashed" in text
    assert "-0.4 points (1440 pairs), within the limit" in text
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
    # There are seven colors; the arm that served comes last.
    assert ADAPTER not in plot(recorded)
    del recorded.by_seed[2]["days"][1]["arms"][SFT_DPO]
    assert plot(recorded).count("<polyline") == 7
    del recorded.by_seed[2]["days"][1]["arms"][SFT]
    assert plot(recorded).count("<polyline") == 6


def test_records_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    def written(name: str, fields: dict[str, Any]) -> Path:
        (tmp_path / name).write_text(json.dumps(fields))
        return tmp_path / name

    one, again = written("1.json", _seed(1)), written("again.json", _seed(1))
    assert Recorded.read([one]).days == 3
    with pytest.raises(DifferentRecordings, match="repeats seed 1"):
        Recorded.read([one, again])
    with pytest.raises(DifferentRecordings, match="other options"):
        Recorded.read([one, written("2.json", _seed(2, users=30))])
    with pytest.raises(DifferentRecordings, match="has no day"):
        Recorded.read([written("3.json", _seed(3) | {"days": []})])
    with pytest.raises(DifferentRecordings, match="no record of arms"):
        Recorded.read([written("no.json", {"seed": 4})])


def test_seeds_with_different_numbers_of_nights_share_the_first_ones() -> None:
    recorded = Recorded({1: _seed(1, days=4), 2: _seed(2, days=3)})
    assert recorded.days == 3
    text = report(recorded)
    assert "seeds 1, 2; 2 nights" in text
    assert "after 2 nights" in text
    # All nights are listed, also those that the comparison leaves out.
    assert "| 1 | 3 | promoted (better) | +3.0 points | SFT 40 steps |" in text


def test_arms_that_were_not_run_are_named_and_not_compared() -> None:
    recorded = Recorded({seed: _seed(seed, days=5) for seed in (1, 2)})
    for fields in recorded.by_seed.values():
        for number, day in enumerate(fields["days"]):
            for arm in (SFT, SFT_GRPO, SFT_DPO):
                del day["arms"][arm]
            if number not in (0, 4):
                for arm in (WEIGHTED, LATEST, ADAPTER):
                    del day["arms"][arm]
    text = report(recorded)
    for arm in (SFT, SFT_GRPO, SFT_DPO):
        assert f"| {arm} | not run | not run | 0 |" in text
    assert "| NDCG@10 | first day | after 4 nights | users, last day |" in text
    assert adapter_arm(recorded) == LATEST
    pairs = {(one.first, one.second): one for one in comparisons(recorded)}
    assert (SFT, WEIGHTED) not in pairs
    # Both ends of the last days are there, the days between them are not.
    assert pairs[(LATEST, WEIGHTED)].last_days is None
    assert pairs[(LATEST, WEIGHTED)].last_day.value == pytest.approx(0.02, abs=0.002)
    readme = " ".join(block(recorded).split())
    assert "Not run: sft, sft+dpo, sft+grpo." in readme
    assert "each night's adapter, promoted or not +2.0" in readme
    assert plot(recorded).count("<polyline") == 5


def test_nights_that_trained_nothing_are_counted() -> None:
    recorded = _recorded()
    for day in recorded.by_seed[2]["days"][:2]:
        day["job"] = day["job"] | {"verdict": "kept", "code": "no_time", "version": ""}
    text = " ".join(block(recorded).split())
    assert "6 nights through Kafka (4 trained a challenger): 4 promoted" in text


def test_arms_of_fewer_users_are_compared_on_the_users_of_both() -> None:
    recorded = _recorded()
    for fields in recorded.by_seed.values():
        by_user = fields["days"][2]["arms"][LATEST]["ndcg_by_user"]
        for user in range(20, 40):
            del by_user[str(user)]
    one = next(c for c in comparisons(recorded) if (c.first, c.second) == (LATEST, WEIGHTED))
    assert one.users == 60
    assert one.last_day.value == pytest.approx(0.02, abs=0.002)
