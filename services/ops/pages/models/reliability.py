"""Prepare a reliability diagram: confidence against accuracy per model (calibration error)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MODELS: Final = ("champion", "challenger")
PLOT_LEFT, PLOT_TOP, PLOT_SIZE = 40.0, 8.0, 240.0
"""The square of the plot. Accuracy goes from 0 to 1. Confidence goes from 0.5 to 1, because the
probability of the chosen image is never below one half."""
LARGEST: Final = 6.0
"""Radius of the dot with the most pairs."""


@dataclass(frozen=True)
class Dot:
    """One bin: pairs with about the same confidence."""

    x: float
    y: float
    radius: float
    label: str


@dataclass(frozen=True)
class Reliability:
    """The reliability of one model."""

    model: str
    error: float
    """Expected calibration error: mean distance of confidence and accuracy, weighted by pairs."""
    dots: tuple[Dot, ...]

    @property
    def points(self) -> str:
        return " ".join(f"{dot.x:g},{dot.y:g}" for dot in self.dots)


def reliabilities(findings: Mapping[str, Any]) -> tuple[Reliability, ...]:
    """Return the reliability of every model that has probabilities. The gate made the bins."""
    calibrations = findings.get("calibrations") or {}
    return tuple(
        _reliability(name, calibrations[name])
        for name in MODELS
        if (calibrations.get(name) or {}).get("bins")
    )


def _reliability(name: str, calibration: Mapping[str, Any]) -> Reliability:
    most = max(max(int(bin_["pairs"]) for bin_ in calibration["bins"]), 1)
    return Reliability(
        name,
        float(calibration["error"]),
        tuple(
            Dot(
                x=round(PLOT_LEFT + (float(bin_["confidence"]) - 0.5) * 2 * PLOT_SIZE, 1),
                y=round(PLOT_TOP + (1 - float(bin_["right"])) * PLOT_SIZE, 1),
                radius=round(2 + (LARGEST - 2) * (int(bin_["pairs"]) / most) ** 0.5, 1),
                label=f"{bin_['pairs']} pairs: {float(bin_['confidence']):.0%} confident,"
                f" {float(bin_['right']):.0%} correct",
            )
            for bin_ in calibration["bins"]
        ),
    )
