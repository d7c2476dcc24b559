"""Scales, grid lines, axis labels and legends of a plot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.plots.svg import Point, line, rect, text


@dataclass(frozen=True)
class Scale:
    """Map values from `low` to `high` onto SVG units from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + (self.end - self.start) * share


@dataclass(frozen=True)
class Axes:
    """A plot area: a scale for x, and one for y, which grows upwards."""

    x: Scale
    y: Scale

    def point(self, x: float, y: float) -> Point:
        return self.x(x), self.y(y)

    def grid(self, ticks: Sequence[tuple[float, str]]) -> Iterator[str]:
        """A horizontal line and a label at the left for each value of y."""
        for value, label in ticks:
            height = self.y(value)
            yield line((self.x.start, height), (self.x.end, height), "grid")
            yield text(self.x.start - 5, height + 4, label, "tick end")

    def labels(self, ticks: Sequence[tuple[float, str]]) -> Iterator[str]:
        """A label below the plot area for each value of x."""
        for value, label in ticks:
            yield text(self.x(value), self.y.start + 15, label, "tick middle")

    def title(self, content: str) -> str:
        """What the values of x are, below their labels."""
        return text((self.x.start + self.x.end) / 2, self.y.start + 33, content, "tick middle")


def legend(entries: Sequence[tuple[str, str]], *, left: float, top: float) -> Iterator[str]:
    """A colored square and a name for each series (CSS class, name), side by side."""
    for place, (css, name) in enumerate(entries):
        x = left + 150 * place
        yield rect(x, top, 10, 10, css)
        yield text(x + 15, top + 9, name)
