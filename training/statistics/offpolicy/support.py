"""Check whether logged decisions can value a policy at all: overlap and effective sample size."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from training.statistics.interval import Interval
from training.statistics.offpolicy.cluster_jackknife import jackknife
from training.statistics.offpolicy.decisions import Decisions

LEAST_EFFECTIVE: Final = 30.0
"""Below it an estimate rests on a handful of decisions, whatever their number."""
ALARM_TAIL: Final = 0.0005
"""The mean weight is called too low once in 2,000 estimates by chance: each of them is checked."""
LEAST_CLUSTERS: Final = 10
"""The interval over users is too narrow with fewer."""


@dataclass(frozen=True)
class Support:
    """How much of a policy the logged decisions cover."""

    decisions: int
    clusters: int
    mean_weight: Interval
    """1 in expectation where the logging policy could have chosen every action of the target; less
    where it could not, and then the value of the other actions is unknown. A 99.9 % interval."""
    effective: float
    """Decisions that would be as informative with equal weights (Kish 1965)."""

    @property
    def problem(self) -> str | None:
        """Why no estimate should be read, or None."""
        if self.clusters < LEAST_CLUSTERS:
            return f"{self.clusters} users; an interval over users needs {LEAST_CLUSTERS}"
        if self.effective < LEAST_EFFECTIVE:
            return (
                f"the weights leave {self.effective:.0f} effective decisions of {self.decisions};"
                f" {LEAST_EFFECTIVE:.0f} are needed. Log more decisions with exploration"
            )
        if self.mean_weight.high < 1:
            return (
                f"the mean weight is {self.mean_weight}, below 1: the logging policy could not have"
                " made many of the choices of the new one. Log with exploration that reaches them"
            )
        return None


def support(decisions: Decisions) -> Support:
    """The overlap of the two policies on these decisions."""
    weights = decisions.weights()
    square = float((weights**2).sum())
    columns = np.stack([weights, np.ones_like(weights)], axis=1)
    return Support(
        decisions=int(weights.size),
        clusters=decisions.cluster_count,
        mean_weight=jackknife(
            columns, decisions.clusters, lambda s: s[..., 0] / s[..., 1], tail=ALARM_TAIL
        ),
        effective=float(weights.sum()) ** 2 / square if square else 0.0,
    )
