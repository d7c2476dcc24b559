"""Prepare training curves as plots: each metric over the steps, with its running mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LEFT, RIGHT, TOP, BOTTOM = 44.0, 316.0, 8.0, 112.0
"""The plot area in a drawing of 320 by 130. The rest is for the labels."""
TITLES: Final = {
    "sft": "SFT (supervised fine-tuning)",
    "grpo": "GRPO (reinforcement learning)",
    "dpo": "DPO (direct preference optimization)",
}
METRICS: Final[Mapping[str, Mapping[str, str]]] = {
    "sft": {
        "loss": "Loss",
        "mean_token_accuracy": "Token accuracy",
        "eval_loss": "Evaluation loss",
    },
    "grpo": {
        "reward": "Total reward",
        "rewards/prediction/mean": "Reward for predicted profiles",
        "rewards/accuracy/mean": "Reward for correctly ranked pairs",
        "rewards/format/mean": "Reward for the format",
        "kl": "KL divergence from the initial model",
        "groups/dead": "Groups without a learning signal",
        "loss": "Loss",
    },
    "dpo": {
        "loss": "Loss",
        "rewards/accuracies": "Pairs whose better profile is more probable than before",
        "rewards/margins": "Margin between better and worse profiles",
    },
}
"""The metrics that the page shows for each training stage, in this order, if they exist."""
SMOOTHED_FROM: Final = 12
"""Steps. With fewer steps, a running mean adds nothing."""
WINDOW_SHARE: Final = 0.1


@dataclass(frozen=True)
class Curve:
    """One metric of one training stage, ready to draw."""

    name: str
    points: str
    """`points` of an SVG polyline, one per step."""
    mean: str
    """The same for the running mean; empty if there are few steps."""
    low: str
    high: str
    first_step: int
    last_step: int
    label: str
    """Description of the curve, for screen readers."""


@dataclass(frozen=True)
class Training:
    """The curves of one training stage."""

    title: str
    steps: int
    curves: tuple[Curve, ...]


def trainings(measured: Mapping[str, Sequence[Mapping[str, float]]]) -> tuple[Training, ...]:
    """Return the training stages that have curves."""
    stages = []
    for training, names in METRICS.items():
        rows = measured.get(training, ())
        curves = tuple(
            curve(title, steps)
            for name, title in names.items()
            if len(steps := [(int(row["step"]), row[name]) for row in rows if name in row]) > 1
        )
        if curves:
            stages.append(Training(TITLES[training], max(c.last_step for c in curves), curves))
    return tuple(stages)


def curve(name: str, steps: Sequence[tuple[int, float]]) -> Curve:
    """Return the curve of at least two steps."""
    values = [value for _, value in steps]
    first, last = steps[0][0], steps[-1][0]
    low, high = min(values), max(values)
    means = running_mean(values) if len(values) >= SMOOTHED_FROM else []
    shown = means or values

    def line(series: Sequence[float]) -> str:
        width = (last - first) or 1
        return " ".join(
            f"{LEFT + (step - first) / width * (RIGHT - LEFT):.1f},"
            f"{BOTTOM - _share(value, low, high) * (BOTTOM - TOP):.1f}"
            for (step, _), value in zip(steps, series, strict=True)
        )

    return Curve(
        name=name,
        points=line(values),
        mean=line(means) if means else "",
        low=f"{low:.3g}",
        high=f"{high:.3g}",
        first_step=first,
        last_step=last,
        label=f"from {shown[0]:.3g} at step {first} to {shown[-1]:.3g} at step {last}",
    )


def _share(value: float, low: float, high: float) -> float:
    """Return the position of a value between `low` and `high` (0-1); 0.5 if both are equal."""
    return (value - low) / (high - low) if high > low else 0.5


def running_mean(values: Sequence[float]) -> list[float]:
    """Return the mean of each value with its neighbors; the window shrinks at both ends."""
    reach = max(1, round(len(values) * WINDOW_SHARE / 2))
    means = []
    for index in range(len(values)):
        near = min(reach, index, len(values) - 1 - index)
        window = values[index - near : index + near + 1]
        means.append(sum(window) / len(window))
    return means
