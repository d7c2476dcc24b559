"""Lay out how sure each model was beside how often it was right: its reliability, and the error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MODELS: Final = ("champion", "challenger")
LEFT, TOP, SIZE = 40.0, 8.0, 240.0
"""Of the square in which confidence runs from one half to one, and right answers from none to all.
A chosen image's probability is never below one half."""
LARGEST: Final = 6.0
"""Radius of the dot with the most pairs."""


@dataclass(frozen=True)
class Dot:
    """Pairs that a model was about equally sure of."""

    x: float
    y: float
    radius: float
    told: str


@dataclass(frozen=True)
class Reliability:
    """One model's."""

    model: str
    error: float
    """Mean distance between confidence and share right, weighted by pairs."""
    dots: tuple[Dot, ...]

    @property
    def points(self) -> str:
        return " ".join(f"{dot.x:g},{dot.y:g}" for dot in self.dots)


def reliabilities(findings: Mapping[str, Any]) -> tuple[Reliability, ...]:
    """Of the models whose probabilities were given; the gate has counted the pairs already."""
    found = findings.get("calibrations") or {}
    return tuple(_one(name, found[name]) for name in MODELS if (found.get(name) or {}).get("bins"))


def _one(name: str, found: Mapping[str, Any]) -> Reliability:
    most = max(max(int(one["pairs"]) for one in found["bins"]), 1)
    return Reliability(
        name,
        float(found["error"]),
        tuple(
            Dot(
                x=round(LEFT + (float(one["confidence"]) - 0.5) * 2 * SIZE, 1),
                y=round(TOP + (1 - float(one["right"])) * SIZE, 1),
                radius=round(2 + (LARGEST - 2) * (int(one["pairs"]) / most) ** 0.5, 1),
                told=f"{one['pairs']} pairs: {float(one['confidence']):.0%} sure,"
                f" {float(one['right']):.0%} right",
            )
            for one in found["bins"]
        ),
    )
