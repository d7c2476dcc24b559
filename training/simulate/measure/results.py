"""Merge the days of several seeds: means, intervals, and the statements that they support."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from training.simulate.loop.preference_drift import Drift, recovery
from training.simulate.measure.collapse import CollapseCheck, check_collapse
from training.simulate.measure.day_metrics import COLLAPSED, FROZEN, OURS
from training.statistics.bootstrap import mean, paired_difference

METRICS: Final = (
    "ndcg", "ctr", "coverage_at_5", "exposure_diversity_at_5", "list_diversity_at_5",
)  # fmt: skip
JOB_FIELDS: Final = ("verdict", "code", "version", "reason")
Days = Sequence[dict[str, Any]]


def merge(by_seed: Mapping[int, Days], drift: Drift | None = None) -> dict[str, Any]:
    """Everything as plain values; each metric by ranking and day, the mean of seeds."""
    days = min(len(of_seed) for of_seed in by_seed.values())
    first = next(iter(by_seed.values()))[0]["rankings"]
    return {
        "seeds": sorted(by_seed),
        "days": days,
        "metrics": {
            metric: {name: _by_day(by_seed, name, metric, days) for name in first}
            for metric in METRICS
            if metric in first[OURS]
        },
        "jobs": {
            str(seed): [
                {key: day["job"].get(key, "") for key in JOB_FIELDS}
                for day in of_seed
                if "job" in day
            ]
            for seed, of_seed in by_seed.items()
        },
        "gain_over_frozen": gain_over_frozen(by_seed, days - 1),
        "collapse": check_collapse(by_seed, ranking=OURS, collapsed=COLLAPSED, days=days),
        "drift": _recovery(by_seed, drift, days),
    }


def gain_over_frozen(by_seed: Mapping[int, Days], day: int) -> dict[str, float]:
    """NDCG@10 minus that of the released model, paired by user: same candidates, same profile."""
    ours: list[float] = []
    frozen: list[float] = []
    for of_seed in by_seed.values():
        by_user = of_seed[day]["ndcg_by_user"]
        ours += by_user[OURS].values()
        frozen += [by_user[FROZEN][user] for user in by_user[OURS]]
    difference = paired_difference(ours, frozen)
    return {"mean": difference.value, "low": difference.low, "high": difference.high}


def describe(results: dict[str, Any]) -> str:
    """What an operator wants to know, one sentence a line."""
    gain = results["gain_over_frozen"]
    better = "better" if gain["low"] > 0 else "no gain that can be measured"
    lines = [
        f"After {results['days'] - 1} jobs NDCG@10 is {100 * gain['mean']:+.1f} points against"
        f" the frozen model (95 % interval {100 * gain['low']:+.1f} to"
        f" {100 * gain['high']:+.1f}): {better}."
    ]
    if results["collapse"] is None:
        lines.append("collapse: not measured; these days have no coverage of the top 5.")
    else:
        lines += [CollapseCheck(**c).describe(m) for m, c in results["collapse"].items()]
    drift = results["drift"]
    if drift:
        jobs = drift["recovered_after_jobs"]
        outcome = "not recovered" if jobs is None else f"recovered after {jobs} jobs"
        lines.append(f"users with preference drift: {outcome}.")
    verdicts = [job["verdict"] for of_seed in results["jobs"].values() for job in of_seed]
    counts = ", ".join(f"{verdicts.count(name)} {name}" for name in sorted(set(verdicts)))
    return "\n".join([*lines, f"training jobs: {counts or 'none'}."])


def _by_day(
    by_seed: Mapping[int, Days], ranking: str, metric: str, days: int
) -> list[dict[str, float]]:
    by_day = []
    for day in range(days):
        of_day = [of_seed[day]["rankings"][ranking][metric] for of_seed in by_seed.values()]
        interval = mean(of_day)
        low, high = interval.low, interval.high
        by_day.append({"mean": float(np.mean(of_day)), "low": low, "high": high})
    return by_day


def _recovery(by_seed: Mapping[int, Days], drift: Drift | None, days: int) -> dict[str, Any] | None:
    if drift is None or drift.before_day >= days:
        return None
    return recovery(by_seed, drift, ranking=OURS, days=days)
