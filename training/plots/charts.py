"""Draw the charts of reports: columns, bars, lines, histograms, intervals and reliability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from training.plots.axes import Axes, Scale, legend
from training.plots.colors import SERIES
from training.plots.svg import dot, line, polyline, rect, svg, text

LEFT, RIGHT, TOP, BOTTOM = 40, 352, 12, 150
"""Edges of the plot area of a chart with axes."""
EDGE, FAR_EDGE = 12, 348
"""Edges of a chart of rows, which needs no room for labels of an axis."""
ROW: Final = 40
"""Height of a row of `intervals` and `shares`."""
MOST_LABELS: Final = 10


class IntervalLike(Protocol):
    """A value between the ends of its confidence interval."""

    @property
    def value(self) -> float: ...

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...


class BinLike(Protocol):
    """Pairs of about the same confidence."""

    @property
    def pairs(self) -> int: ...

    @property
    def confidence(self) -> float: ...

    @property
    def right(self) -> float: ...


class CalibrationLike(Protocol):
    """Bins of a model's confidence."""

    @property
    def bins(self) -> Sequence[BinLike]: ...


@dataclass(frozen=True)
class Series:
    """One value for each place of the x axis."""

    name: str
    values: Sequence[float]


def empty(title: str, message: str) -> str:
    """A plot without data."""
    return svg(60, title, [text(EDGE, 36, message)])


def columns(series: Sequence[Series], labels: Sequence[str], *, title: str) -> str:
    """Shares 0-1 as groups of columns, one group for each label."""
    axes = Axes(Scale(0, len(labels), LEFT, RIGHT), Scale(0, 1, BOTTOM, TOP))
    parts = list(axes.grid([(0, "0 %"), (0.5, "50 %"), (1, "100 %")]))
    group = axes.x(1) - axes.x(0)
    width = group * 0.84 / len(series)
    for place, (one, css) in enumerate(zip(series, SERIES, strict=False)):
        for at, value in enumerate(one.values):
            top = axes.y(min(value, 1.0))
            x = axes.x(at) + group * 0.08 + width * place
            parts.append(rect(x, top, width * 0.92, BOTTOM - top, css))
    step = max(1, len(labels) // MOST_LABELS)
    parts += axes.labels([(at + 0.5, labels[at]) for at in range(0, len(labels), step)])
    keys = list(zip(SERIES, (one.name for one in series), strict=False))
    parts += legend(keys, left=LEFT, top=BOTTOM + 26)
    return svg(BOTTOM + 44, title, parts)


def bars(rows: Sequence[tuple[str, int]], *, title: str) -> str:
    """Counts as horizontal bars with their numbers."""
    if not rows:
        return empty(title, "none")
    most = max(count for _, count in rows) or 1
    width = Scale(0, most, 0, RIGHT - 8)
    parts = []
    for at, (name, count) in enumerate(rows):
        y = 34 * at + 14
        parts += [
            text(8, y, name),
            text(RIGHT, y, f"{count:,}", "end"),
            rect(8, y + 5, max(width(count), 1), 8, "first", radius=2),
        ]
    return svg(34 * len(rows) + 8, title, parts)


def histogram(
    counts: Sequence[int], labels: Mapping[int, str], *, title: str, states: Sequence[str] = (),
    tooltips: Sequence[str] = (),
) -> str:  # fmt: skip
    """Counts as columns; `labels` by place, `states` are CSS classes of the columns."""
    most = max(*counts, 1)
    axes = Axes(Scale(0, len(counts), LEFT, RIGHT), Scale(0, most, BOTTOM, TOP))
    parts = list(axes.grid([(0, "0"), (most / 2, f"{most / 2:g}"), (most, f"{most:g}")]))
    width = axes.x(1) - axes.x(0)
    for at, count in enumerate(counts):
        top = axes.y(count)
        css = states[at] if states else "first"
        tooltip = tooltips[at] if tooltips else ""
        parts.append(
            rect(axes.x(at) + 1, top, width - 2, BOTTOM - top, f"column {css}", tooltip=tooltip)
        )
    parts += axes.labels([(at + 0.5, label) for at, label in labels.items()])
    return svg(BOTTOM + 24, title, parts)


def distributions(series: Sequence[Series], ticks: Sequence[str], *, title: str) -> str:
    """Shares of the same bins as one line for each series; `ticks` are the edges' labels."""
    most = max(0.01, *(value for one in series for value in one.values))
    size = len(series[0].values)
    axes = Axes(Scale(0, size, LEFT, RIGHT), Scale(0, most, BOTTOM, TOP))
    parts = list(axes.grid([(most * part, f"{100 * most * part:.0f} %") for part in (0, 0.5, 1)]))
    for one, css in zip(series, SERIES, strict=False):
        parts.append(polyline([axes.point(at + 0.5, v) for at, v in enumerate(one.values)], css))
    last = max(len(ticks) - 1, 1)
    parts += axes.labels([(size * at / last, label) for at, label in enumerate(ticks)])
    keys = list(zip(SERIES, (one.name for one in series), strict=False))
    parts += legend(keys, left=LEFT, top=BOTTOM + 26)
    return svg(BOTTOM + 44, title, parts)


def intervals(rows: Sequence[tuple[str, IntervalLike]], *, title: str) -> str:
    """Differences in points with their confidence intervals, and a line at zero."""
    most = max(0.01, *(abs(end) for _, row in rows for end in (row.low, row.high))) * 1.1
    x = Scale(-most, most, EDGE, FAR_EDGE)
    height = ROW * len(rows) + 30
    parts = [line((x(0), 4), (x(0), height - 22), "zero")]
    for at, (name, row) in enumerate(rows):
        y = ROW * at + 28
        css = "good" if row.low > 0 else "bad" if row.high < 0 else "open"
        label = f"{signed(row.value)} ({signed(row.low)} to {signed(row.high)})"
        parts += [
            text(EDGE, y - 12, name, "halo"),
            text(FAR_EDGE, y - 12, label, "value halo end"),
            line((x(row.low), y), (x(row.high), y), f"bar {css}"),
            dot((x(row.value), y), 4.5, css),
        ]
    ends = ((-most, "tick"), (0.0, "tick middle"), (most, "tick end"))
    parts += [text(x(value), height - 6, signed(value), css) for value, css in ends]
    return svg(height, title, parts)


def shares(rows: Sequence[tuple[str, IntervalLike, str]], *, title: str) -> str:
    """Shares 0-100 % with their confidence intervals (name, share, CSS class), and chance."""
    x = Scale(0, 1, EDGE, FAR_EDGE)
    height = ROW * len(rows) + 26
    parts = [line((x(0.5), 4), (x(0.5), height - 20), "zero")]
    for at, (name, row, css) in enumerate(rows):
        y = ROW * at + 20
        parts += [
            text(EDGE, y - 5, name, "halo"),
            text(FAR_EDGE, y - 5, f"{100 * row.value:.1f} %", "value halo end"),
            rect(EDGE, y, FAR_EDGE - EDGE, 9, "track", radius=2),
            rect(EDGE, y, x(row.value) - EDGE, 9, css, radius=2),
            line((x(row.low), y + 4.5), (x(row.high), y + 4.5), "interval"),
        ]
    for value, label, css in ((0, "0 %", ""), (0.5, "chance", "middle"), (1, "100 %", "end")):
        parts.append(text(x(value), height - 5, label, f"tick {css}"))
    return svg(height, title, parts)


def reliability(
    models: Mapping[str, CalibrationLike], *, title: str, names: Mapping[str, str] | None = None
) -> str:
    """Accuracy by confidence (reliability diagram); on the dashed line both are equal.

    A larger dot holds more pairs. `names` gives a legend, by the keys of `models`.
    """
    size, left, top = 270, 46, 8
    axes = Axes(Scale(0.5, 1, left, left + size), Scale(0, 1, top + size, top))
    parts = [
        rect(left, top, size, size, "frame"),
        line(axes.point(0.5, 0.5), axes.point(1, 1), "ideal"),
    ]
    parts += [
        text(left - 6, axes.y(share) + 4, f"{100 * share:.0f} %", "tick end")
        for share in (0.0, 0.5, 1.0)
    ]
    parts += axes.labels([(share, f"{100 * share:.0f} %") for share in (0.5, 0.75, 1.0)])
    parts.append(axes.title("confidence"))
    parts.append(text(left + 6, top + 14, "accuracy", "tick"))
    for (model, calibration), css in zip(models.items(), SERIES, strict=False):
        points = [axes.point(bin_.confidence, bin_.right) for bin_ in calibration.bins]
        parts.append(polyline(points, css))
        most = max((bin_.pairs for bin_ in calibration.bins), default=1)
        for point, bin_ in zip(points, calibration.bins, strict=True):
            tooltip = f"{model}: {bin_.pairs} pairs"
            parts.append(dot(point, 2 + 4 * (bin_.pairs / most) ** 0.5, css, tooltip=tooltip))
    height = top + size + 40
    for place, (css, name) in enumerate(zip(SERIES, (names or {}).values(), strict=False)):
        parts += legend([(css, name)], left=left, top=height + 18 * place)
    return svg(height + 18 * len(names or {}), title, parts)


def signed(share: float) -> str:
    """Points with a sign and one decimal: `+3.1`, `-0.4`, `0.0`."""
    value = round(100 * share, 1) + 0.0
    return f"{value:+.1f}" if value else "0.0"
