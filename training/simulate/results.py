"""Put the days of several seeds together: means, intervals, and what was to be shown."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from training.simulate.loop import OURS
from training.simulate.preference_drift import Shift, followed
from training.statistics.bootstrap import mean, paired_difference

MEASURES: Final = ("ndcg", "ctr", "diversity", "coverage")
NO_COLLAPSE: Final = 0.9
"""Diversity and coverage of the last day, in those of the first."""
OF_A_NIGHT: Final = ("verdict", "code", "version", "reason")
Days = Sequence[dict[str, Any]]


def together(by_seed: dict[int, Days], shift: Shift | None = None) -> dict[str, Any]:
    """Everything as plain values; each measure by arm and day, the mean of seeds."""
    days = min(len(found) for found in by_seed.values())
    arms = list(next(iter(by_seed.values()))[0]["arms"])
    return {
        "seeds": sorted(by_seed),
        "days": days,
        "measures": {
            measure: {
                arm: [
                    _mean([found[n]["arms"][arm][measure] for found in by_seed.values()])
                    for n in range(days)
                ]
                for arm in arms
            }
            for measure in MEASURES
        },
        "nights": {
            str(seed): [
                {key: day["night"].get(key, "") for key in OF_A_NIGHT}
                for day in found
                if "night" in day
            ]
            for seed, found in by_seed.items()
        },
        "against_frozen": _against_frozen(by_seed, days),
        "kept_of_the_first_day": {
            measure: _ratio(by_seed, measure, days) for measure in ("diversity", "coverage")
        },
        "change_of_heart": _followed(by_seed, shift, days),
    }


def verdict(results: dict[str, Any]) -> str:
    """What an operator wants to know, in one sentence a line."""
    against = results["against_frozen"]
    better = against["low"] > 0
    lines = [
        f"After {results['days'] - 1} nights NDCG@10 is {100 * against['mean']:+.1f} points against"
        f" the frozen model (95 % interval {100 * against['low']:+.1f} to"
        f" {100 * against['high']:+.1f}): {'better' if better else 'no better that can be shown'}."
    ]
    for measure, kept in results["kept_of_the_first_day"].items():
        word = "kept" if kept >= NO_COLLAPSE else "COLLAPSED"
        lines.append(f"{measure}: {100 * kept:.0f} % of the first day, {word}.")
    changed = results["change_of_heart"]
    if changed:
        nights = changed["followed_after_nights"]
        told = "not followed" if nights is None else f"followed after {nights} nights"
        lines.append(f"tastes that changed: {told}.")
    verdicts = [night["verdict"] for found in results["nights"].values() for night in found]
    told = ", ".join(f"{verdicts.count(one)} {one}" for one in sorted(set(verdicts)))
    return "\n".join([*lines, f"nights: {told or 'none'}."])


def _against_frozen(by_seed: dict[int, Days], days: int) -> dict[str, float]:
    """On the last day, person by person: the same candidates, the same profile."""
    ours: list[float] = []
    frozen: list[float] = []
    for found in by_seed.values():
        last = found[days - 1]["ndcg_by_person"]
        ours += last[OURS].values()
        frozen += [last["frozen"][person] for person in last[OURS]]
    difference = paired_difference(ours, frozen)
    return {"mean": difference.value, "low": difference.low, "high": difference.high}


def _followed(by_seed: dict[int, Days], shift: Shift | None, days: int) -> dict[str, Any] | None:
    if shift is None or shift.before_day >= days:
        return None
    return followed(by_seed, shift, arm=OURS, days=days)


def _ratio(by_seed: dict[int, Days], measure: str, days: int) -> float:
    first = np.mean([found[0]["arms"][OURS][measure] for found in by_seed.values()])
    last = np.mean([found[days - 1]["arms"][OURS][measure] for found in by_seed.values()])
    return float(last / first) if first else 1.0


def _mean(values: Sequence[float]) -> dict[str, float]:
    of_seeds = mean(values)
    return {"mean": of_seeds.value, "low": of_seeds.low, "high": of_seeds.high}
