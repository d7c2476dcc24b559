"""Decide whether the machine has room for a run, and whether there is time for another step."""

from dataclasses import dataclass
from typing import Final

GIGABYTE: Final = 10**9
ADAM: Final = 3
"""Numbers for each trained weight: the weight and two of the optimizer."""
KEPT_CHECKPOINTS: Final = 2
"""The newest, and the previous one while the newest is written."""


@dataclass(frozen=True)
class Machine:
    """Free space, in bytes."""

    disk: int
    memory: int


@dataclass(frozen=True)
class Needs:
    """Space that a run needs, in bytes."""

    weights: int
    """Size of the base model's files."""
    memory_factor: int
    """Bytes of a weight in memory for each byte in the files: 2 for bf16 files as float32."""
    adapter: int
    """Trained weights in memory."""
    with_reward_model: bool

    @property
    def disk(self) -> int:
        """Checkpoints, the adapter, and the merged reward model."""
        merged = self.weights if self.with_reward_model else 0
        return KEPT_CHECKPOINTS * ADAM * self.adapter + 2 * self.adapter + merged

    @property
    def memory(self) -> int:
        """Weights (twice with a reward model), the adapter, its gradients and the optimizer."""
        models = 2 if self.with_reward_model else 1
        return self.weights * self.memory_factor * models + (ADAM + 1) * self.adapter


def reason_not_to_start(machine: Machine, needs: Needs, *, spare: float) -> str | None:
    """What the machine lacks, or None; `spare` gigabytes stay free for other processes."""
    kept = int(spare * GIGABYTE)
    for name, free, needed in (
        ("disk", machine.disk, needs.disk),
        ("memory", machine.memory, needs.memory),
    ):
        if free < needed + kept:
            return (
                f"{_gigabytes(free)} of {name} are free, but the run needs {_gigabytes(needed)} and"
                f" keeps {_gigabytes(kept)} free: free some {name}, or lower run.spare_gigabytes"
            )
    return None


def out_of_time(*, spent: float, longest_step: float, budget: float | None) -> bool:
    """Whether another step, as long as the longest one, would exceed the budget (seconds)."""
    return budget is not None and spent + longest_step > budget


def _gigabytes(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB"
