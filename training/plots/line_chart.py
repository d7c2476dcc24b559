"""Draw lines with confidence bands by step as an SVG file that a README can show."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from training.plots.axes import Axes, Scale
from training.plots.colors import SERIES, file_style
from training.plots.svg import dot, line, polygon, polyline, rect, svg, text

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 560, 24, 340
ROUND: Final = 0.05
"""The y axis begins and ends at multiples of it."""
NAME_GAP: Final = 15.0
"""Smallest vertical distance between the names at the right."""


@dataclass(frozen=True)
class Line:
    """A value for each step with the ends of its confidence interval."""

    name: str
    values: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    thick: bool = False
    marks: Mapping[int, str] = field(default_factory=dict)
    """A dot at a step, with its tooltip."""


def line_chart(
    lines: Sequence[Line],
    *,
    title: str,
    x_title: str,
    event: tuple[int, str] | None = None,
    steps_at: Sequence[str] | None = None,
) -> str:
    """The whole file; `event` is a step and a label for a dashed vertical line.

    `steps_at` are the labels of the steps, by default their numbers from 0. A single step has dots
    with intervals, side by side.
    """
    steps = max(len(one.values) for one in lines)
    low, high = _round_range([end for one in lines for end in (*one.low, *one.high)])
    first, last = (0, steps - 1) if steps > 1 else (-1, 1)
    axes = Axes(Scale(first, last, LEFT, RIGHT), Scale(low, high, BOTTOM, TOP))
    ticks = [low + (high - low) * part / 5 for part in range(6)]
    parts = [f"<style>{file_style()}</style>", rect(0, 0, WIDTH, HEIGHT, "background")]
    parts += axes.grid([(value, f"{value:.2f}") for value in ticks])
    parts += axes.labels(list(enumerate(steps_at or map(str, range(steps)))))
    parts.append(axes.title(x_title))
    if event is not None:
        x = axes.x(event[0])
        parts += [line((x, TOP), (x, BOTTOM), "event"), text(x + 6, BOTTOM - 8, event[1], "tick")]
    for number, (one, css) in enumerate(zip(lines, SERIES, strict=False)):
        if steps == 1:
            parts += _dot_with_interval(axes, one, css, at=(number + 0.5) / len(lines) - 0.5)
            continue
        upper = [axes.point(step, value) for step, value in enumerate(one.high)]
        lower = [axes.point(step, value) for step, value in enumerate(one.low)]
        parts.append(polygon([*upper, *lower[::-1]], css))
        points = [axes.point(step, value) for step, value in enumerate(one.values)]
        parts.append(polyline(points, f"{css} thick" if one.thick else css))
        parts += [dot(points[step], 4.5, css, tooltip=mark) for step, mark in one.marks.items()]
    parts += _names([(axes.y(one.values[-1]), one.name) for one in lines])
    return svg(HEIGHT, title, parts, width=WIDTH) + "\n"


def _dot_with_interval(axes: Axes, one: Line, css: str, *, at: float) -> list[str]:
    """The only value of a line, `at` steps from the middle, -1 to 1."""
    x = axes.x(at)
    interval = f"{one.name}: {one.values[0]:.3f} ({one.low[0]:.3f} to {one.high[0]:.3f})"
    return [
        polyline([(x, axes.y(one.low[0])), (x, axes.y(one.high[0]))], css),
        dot((x, axes.y(one.values[0])), 4.5, css, tooltip=interval),
    ]


def _round_range(values: Sequence[float]) -> tuple[float, float]:
    low = math.floor(min(values) / ROUND) * ROUND
    high = math.ceil(max(values) / ROUND - 1e-9) * ROUND
    return low, max(high, low + ROUND)


def _names(places: Sequence[tuple[float, str]]) -> list[str]:
    """The lines' names at their right ends, moved apart where they would overlap."""
    parts, last = [], -NAME_GAP
    styled = [(y, name, css) for (y, name), css in zip(places, SERIES, strict=False)]
    for y, name, css in sorted(styled):
        last = max(y, last + NAME_GAP)
        parts.append(text(RIGHT + 10, last + 4, name, css))
    return parts
