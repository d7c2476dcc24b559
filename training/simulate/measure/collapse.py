"""Check for a collapse: rankings that become the same for all users.

A measure of the last day is compared with the first day and with a ranking that has collapsed: the
baseline `collapsed`, which gives every user the order of the mean taste. The limit is halfway
between the two, so that the collapsed ranking itself fails the check.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

MEASURES: Final = ("coverage_at_5", "exposure_diversity_at_5")
SEPARATION: Final = 0.9
"""A measure is used only where the collapsed ranking is below this share of the first day."""
Days = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class CollapseCheck:
    """One measure of our ranking on the first and the last day, and of the collapsed one."""

    first: float
    last: float
    collapsed: float

    @property
    def is_valid(self) -> bool:
        """Whether the measure distinguishes a collapsed ranking at all."""
        return self.collapsed < SEPARATION * self.first

    @property
    def passed(self) -> bool:
        return self.last > (self.first + self.collapsed) / 2

    def describe(self, measure: str) -> str:
        values = f"{self.first:.3f} on the first day, {self.last:.3f} on the last"
        collapsed = f"a collapsed ranking has {self.collapsed:.3f}"
        if not self.is_valid:
            verdict = "not judged, too close"
        else:
            verdict = "no collapse" if self.passed else "COLLAPSED"
        return f"{measure.replace('_', ' ')}: {values}; {collapsed}: {verdict}."


def check_collapse(
    by_seed: Mapping[int, Days], *, ranking: str, collapsed: str, days: int
) -> dict[str, dict[str, float]] | None:
    """A check by measure, as plain values; None where the days lack a measure or the baseline."""

    def mean(name: str, measure: str, day: int) -> float:
        return float(np.mean([d[day]["rankings"][name][measure] for d in by_seed.values()]))

    try:
        return {
            measure: asdict(
                CollapseCheck(
                    first=mean(ranking, measure, 0),
                    last=mean(ranking, measure, days - 1),
                    collapsed=mean(collapsed, measure, days - 1),
                )
            )
            for measure in MEASURES
        }
    except KeyError:
        return None
