"""Turn numbers into the points of shapes, for SVG attributes: pages carry no inline style."""

import math
from collections.abc import Sequence
from typing import Final

CENTER: Final = 50.0
RADIUS: Final = 36.0
"""In a drawing of 100 by 100 that leaves room for the names of the axes."""
HIGHEST: Final = 5.0


def corner(number: int, of: int, distance: float) -> tuple[float, float]:
    """Where an axis is at a distance (1 is the rim); the first axis points up, then clockwise."""
    angle = 2 * math.pi * number / of - math.pi / 2
    reach = RADIUS * distance
    return (
        round(CENTER + reach * math.cos(angle), 1),
        round(CENTER + reach * math.sin(angle), 1),
    )


def radar(scores: Sequence[float]) -> str:
    """The `points` of a polygon through the scores, 0-5, one an axis."""
    places = (corner(n, len(scores), score / HIGHEST) for n, score in enumerate(scores))
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def polyline(values: Sequence[float], width: float, height: float, top: float) -> str:
    """The `points` of a line over equal steps, from the left; `top` is the value at the top."""
    if not values:
        return ""
    step = width / max(len(values) - 1, 1)
    scale = height / top if top > 0 else 0.0
    return " ".join(
        f"{n * step:.1f},{height - min(v, top) * scale:.1f}" for n, v in enumerate(values)
    )
