"""Lay a night's trainings out as plots: each measure over the steps, with its running mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LEFT, RIGHT, TOP, BOTTOM = 44.0, 316.0, 8.0, 112.0
"""Of the drawing of 320 by 130; what is left of it is for the numbers."""
TITLES: Final = {"sft": "SFT, by imitation", "grpo": "GRPO, by reward"}
MEASURES: Final[Mapping[str, Mapping[str, str]]] = {
    "sft": {
        "loss": "Loss",
        "mean_token_accuracy": "Tokens foreseen",
        "eval_loss": "Loss on what it does not learn from",
    },
    "grpo": {
        "reward": "Reward in all",
        "rewards/prediction/mean": "Reward of predicted tastes",
        "rewards/accuracy/mean": "Reward of pairs told right",
        "rewards/format/mean": "Reward of the format",
        "kl": "Distance from where it began (KL)",
        "loss": "Loss",
    },
}
"""What is shown of each training, in this order, where it was measured."""
SMOOTHED_FROM: Final = 12
"""Steps; the mean of a few says no more than they."""
WINDOW_SHARE: Final = 0.1


@dataclass(frozen=True)
class Curve:
    """One measure of one training, ready to be drawn."""

    name: str
    points: str
    """Of each step, as SVG has them."""
    mean: str
    """Of the running mean; empty where there are few steps."""
    low: str
    high: str
    first_step: int
    last_step: int
    told: str
    """What the drawing shows, for those who do not see it."""


@dataclass(frozen=True)
class Training:
    """The curves of one training."""

    title: str
    steps: int
    curves: tuple[Curve, ...]


def trainings(measured: Mapping[str, Sequence[Mapping[str, float]]]) -> tuple[Training, ...]:
    """Those with something to show."""
    found = []
    for training, names in MEASURES.items():
        rows = measured.get(training, ())
        curves = tuple(
            curve(title, steps)
            for name, title in names.items()
            if len(steps := [(int(row["step"]), row[name]) for row in rows if name in row]) > 1
        )
        if curves:
            found.append(Training(TITLES[training], max(c.last_step for c in curves), curves))
    return tuple(found)


def curve(name: str, steps: Sequence[tuple[int, float]]) -> Curve:
    """Of at least two steps."""
    values = [value for _, value in steps]
    first, last = steps[0][0], steps[-1][0]
    low, high = min(values), max(values)
    means = running_mean(values) if len(values) >= SMOOTHED_FROM else []
    shown = means or values

    def line(of: Sequence[float]) -> str:
        wide = (last - first) or 1
        return " ".join(
            f"{LEFT + (step - first) / wide * (RIGHT - LEFT):.1f},"
            f"{BOTTOM - _share(value, low, high) * (BOTTOM - TOP):.1f}"
            for (step, _), value in zip(steps, of, strict=True)
        )

    return Curve(
        name=name,
        points=line(values),
        mean=line(means) if means else "",
        low=f"{low:.3g}",
        high=f"{high:.3g}",
        first_step=first,
        last_step=last,
        told=f"from {shown[0]:.3g} at step {first} to {shown[-1]:.3g} at step {last}",
    )


def _share(value: float, low: float, high: float) -> float:
    """Where a value stands between the ends; in the middle where there is no between."""
    return (value - low) / (high - low) if high > low else 0.5


def running_mean(values: Sequence[float]) -> list[float]:
    """Each value's mean with its neighbours; fewer of them at both ends."""
    reach = max(1, round(len(values) * WINDOW_SHARE / 2))
    found = []
    for at in range(len(values)):
        near = min(reach, at, len(values) - 1 - at)
        window = values[at - near : at + near + 1]
        found.append(sum(window) / len(window))
    return found
