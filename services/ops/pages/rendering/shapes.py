"""Compute the points of SVG shapes. Pages have no inline style, so numbers are attributes."""

import math
from collections.abc import Sequence
from typing import Final

CENTER: Final = 50.0
RADIUS: Final = 36.0
"""In a drawing of 100 by 100, with space for the names of the axes."""
HIGHEST: Final = 5.0


def corner(number: int, of: int, distance: float) -> tuple[float, float]:
    """Return the point on an axis at a distance (1: the rim). Axes go clockwise from the top."""
    angle = 2 * math.pi * number / of - math.pi / 2
    reach = RADIUS * distance
    return (
        round(CENTER + reach * math.cos(angle), 1),
        round(CENTER + reach * math.sin(angle), 1),
    )


def radar(scores: Sequence[float]) -> str:
    """Return the `points` of a polygon through the scores (0-5), one score per axis."""
    corners = (corner(n, len(scores), score / HIGHEST) for n, score in enumerate(scores))
    return " ".join(f"{x:g},{y:g}" for x, y in corners)


def polyline(values: Sequence[float], width: float, height: float, top: float) -> str:
    """Return the `points` of a line with equal steps from the left; `top` is the value at y=0."""
    if not values:
        return ""
    step = width / max(len(values) - 1, 1)
    scale = height / top if top > 0 else 0.0
    return " ".join(
        f"{n * step:.1f},{height - min(v, top) * scale:.1f}" for n, v in enumerate(values)
    )
