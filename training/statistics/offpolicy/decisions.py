"""Hold logged decisions: what was chosen with which probability, and what it earned."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Decisions:
    """Decisions of a logging policy as columns, each of shape (n,).

    One decision is the choice of one action in one context; `target` is the probability with which
    the policy that is valued chooses the logged action there.
    """

    rewards: Floats
    logged: Floats
    """Probability of the logged action under the policy that chose it, above 0."""
    target: Floats
    """Probability of the logged action under the policy that is valued."""
    clusters: Ints
    """Users, or what else is independent; decisions of one user are not."""
    predicted: Floats | None = None
    """Reward that a model predicts for the logged action."""
    predicted_target: Floats | None = None
    """Mean reward that the model predicts for the actions of the policy that is valued."""

    def __post_init__(self) -> None:
        columns = {
            "rewards": self.rewards, "logged": self.logged, "target": self.target,
            "clusters": self.clusters, "predicted": self.predicted,
            "predicted_target": self.predicted_target,
        }  # fmt: skip
        for name, column in columns.items():
            if column is None:
                continue
            if column.shape != self.rewards.shape or column.ndim != 1:
                raise ValueError(f"{name} has shape {column.shape}, rewards {self.rewards.shape}")
            if not np.isfinite(column).all():
                raise ValueError(f"{name} holds a value that is not a finite number")
        if not self.rewards.size:
            raise ValueError("there are no decisions")
        if ((self.logged <= 0) | (self.logged > 1)).any():
            raise ValueError("a logged probability is not above 0 and at most 1")
        if ((self.target < 0) | (self.target > 1)).any():
            raise ValueError("a target probability is not between 0 and 1")
        if (self.predicted is None) != (self.predicted_target is None):
            raise ValueError("give both predicted and predicted_target, or neither")

    def weights(self, *, most: float | None = None) -> Floats:
        """Importance weights, target over logged probability, clipped at `most`."""
        weights = self.target / self.logged
        return weights if most is None else np.minimum(weights, most)

    @property
    def cluster_count(self) -> int:
        return int(np.unique(self.clusters).size)
