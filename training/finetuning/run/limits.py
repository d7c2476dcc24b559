"""Say before a run starts whether the machine can hold it, and after each step whether to stop."""

from dataclasses import dataclass
from typing import Final

GIGABYTE: Final = 10**9
ADAM: Final = 3
"""A trained weight, and the optimizer's two numbers for it."""
KEPT_CHECKPOINTS: Final = 2
"""The newest, and the one before it while the newest is being written."""


@dataclass(frozen=True)
class Machine:
    """What is free, in bytes."""

    disk: int
    memory: int


@dataclass(frozen=True)
class Needs:
    """What a run takes, in bytes."""

    weights: int
    """The base model's files."""
    bytes_each: int
    """Of one weight in the files, over one weight in memory: 2 for bf16 files held in float32."""
    adapter: int
    """The trained weights in memory; counted again for a judge of its own."""
    judge: bool

    @property
    def disk(self) -> int:
        merged = self.weights if self.judge else 0
        return KEPT_CHECKPOINTS * ADAM * self.adapter + 2 * self.adapter + merged

    @property
    def memory(self) -> int:
        """Weights once, or twice with a judge; the adapter, its gradients and the optimizer."""
        return self.weights * self.bytes_each * (2 if self.judge else 1) + (ADAM + 1) * self.adapter


def reason_not_to_start(machine: Machine, needs: Needs, *, spare: float) -> str | None:
    """What is short, or None; `spare` gigabytes stay free for others."""
    kept = int(spare * GIGABYTE)
    for name, free, needed in (
        ("disk", machine.disk, needs.disk),
        ("memory", machine.memory, needs.memory),
    ):
        if free < needed + kept:
            return (
                f"{_spell(free)} of {name} are free, but the run takes {_spell(needed)} and leaves"
                f" {_spell(kept)} to others: free some, or lower run.spare_gigabytes"
            )
    return None


def out_of_time(*, spent: float, longest_step: float, budget: float | None) -> bool:
    """Whether another step, as long as the longest one, would end beyond the budget (seconds)."""
    return budget is not None and spent + longest_step > budget


def _spell(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB"
