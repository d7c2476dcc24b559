"""Draw a report's plots as inline SVG that follows the page's colours and a phone's width."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from training.gate.findings import HISTOGRAM_EDGES
from training.gate.formatting import signed
from training.statistics.calibration import Calibration
from training.statistics.interval import Interval

WIDTH: Final = 360
"""Units of every plot: a phone's width, so that its text is as large as the page's there."""
ROW: Final = 40
LEFT, RIGHT = 12, 348


def forest(rows: Sequence[tuple[str, Interval]], *, title: str) -> str:
    """Differences in points with their intervals, and the line that they must not touch."""
    most = max(0.01, *(abs(end) for _, i in rows for end in (i.low, i.high))) * 1.1
    middle, scale = (LEFT + RIGHT) / 2, (RIGHT - LEFT) / 2 / most

    def x(value: float) -> float:
        return middle + value * scale

    height = ROW * len(rows) + 30
    parts = [_line(middle, 4, middle, height - 22, "zero")]
    for at, (name, interval) in enumerate(rows):
        y = ROW * at + 28
        kind = "good" if interval.low > 0 else "bad" if interval.high < 0 else "open"
        told = f"{signed(interval.value)} ({signed(interval.low)} to {signed(interval.high)})"
        parts += [
            _text(LEFT, y - 12, name, "label"),
            _text(RIGHT, y - 12, told, "value end"),
            _line(x(interval.low), y, x(interval.high), y, f"bar {kind}"),
            f'<circle cx="{x(interval.value):.1f}" cy="{y}" r="4.5" class="dot {kind}"/>',
        ]
    ends = ((LEFT, -most, ""), (middle, 0.0, "middle"), (RIGHT, most, "end"))
    parts += [_text(px, height - 6, signed(value), f"tick {kind}") for px, value, kind in ends]
    return _svg(height, title, parts)


def shares(rows: Sequence[tuple[str, Interval, str]], *, title: str) -> str:
    """Shares of right answers, 0 to 100 %, with the line of chance."""
    scale = RIGHT - LEFT
    height = ROW * len(rows) + 26
    parts = [_line(LEFT + scale / 2, 4, LEFT + scale / 2, height - 20, "zero")]
    for at, (name, interval, kind) in enumerate(rows):
        y = ROW * at + 20
        parts += [
            _text(LEFT, y - 5, name, "label"),
            _text(RIGHT, y - 5, f"{100 * interval.value:.1f} %", "value end"),
            f'<rect x="{LEFT}" y="{y}" width="{scale}" height="9" rx="2" class="track"/>',
            f'<rect x="{LEFT}" y="{y}" width="{scale * interval.value:.1f}" height="9" rx="2"'
            f' class="{kind}"/>',
            _line(
                LEFT + scale * interval.low, y + 4.5, LEFT + scale * interval.high, y + 4.5, "ci"
            ),
        ]
    for px, told, kind in ((LEFT, "0 %", ""), (LEFT + scale / 2, "chance", "middle")):
        parts.append(_text(px, height - 5, told, f"tick {kind}"))
    parts.append(_text(RIGHT, height - 5, "100 %", "tick end"))
    return _svg(height, title, parts)


def reliability(models: Mapping[str, Calibration], *, title: str) -> str:
    """Share right against confidence: on the dotted line a model is as sure as it should be."""
    size, top, left = 270, 8, 46

    def point(confidence: float, right: float) -> tuple[float, float]:
        return left + (confidence - 0.5) * 2 * size, top + (1 - right) * size

    parts = [
        f'<rect x="{left}" y="{top}" width="{size}" height="{size}" class="frame"/>',
        _line(*point(0.5, 0.5), *point(1.0, 1.0), "ideal"),
    ]
    parts += [
        _text(left - 6, point(0.5, share)[1] + 4, f"{100 * share:.0f} %", "tick end")
        for share in (0.0, 0.5, 1.0)
    ]
    parts += [
        _text(point(sure, 0)[0], top + size + 16, f"{100 * sure:.0f} %", "tick middle")
        for sure in (0.5, 0.75, 1.0)
    ]
    parts.append(_text(left + size / 2, top + size + 32, "how sure the model was", "tick middle"))
    parts.append(_text(left + 6, top + 14, "how often it was right", "tick"))
    for model, found in models.items():
        dots = [point(one.confidence, one.right) for one in found.bins]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
        parts.append(f'<polyline points="{path}" class="curve {escape(model)}"/>')
        most = max(one.pairs for one in found.bins)
        for (x, y), one in zip(dots, found.bins, strict=True):
            radius = 2 + 4 * (one.pairs / most) ** 0.5
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="dot {escape(model)}"/>'
            )
    return _svg(top + size + 40, title, parts)


def histogram(counts: Sequence[int], *, title: str) -> str:
    """Users by how much the challenger changed for them."""
    bottom, most = 120, max(max(counts), 1)
    width = (RIGHT - LEFT) / len(counts)
    parts = []
    for at, count in enumerate(counts):
        middle = (HISTOGRAM_EDGES[at] + HISTOGRAM_EDGES[at + 1]) / 2
        kind = "good" if middle > 0.04 else "bad" if middle < -0.04 else "open"
        height = 108 * count / most if count else 0
        parts.append(
            f'<rect x="{LEFT + at * width + 1:.1f}" y="{bottom - height:.1f}"'
            f' width="{width - 2:.1f}" height="{height:.1f}" class="column {kind}">'
            f"<title>{count} users, {signed(middle)} points</title></rect>"
        )
    parts.append(_line(LEFT, bottom, RIGHT, bottom, "zero"))
    parts += [
        _text(LEFT, 136, "all pairs lost", "tick"),
        _text((LEFT + RIGHT) / 2, 136, "unchanged", "tick middle"),
        _text(RIGHT, 136, "all gained", "tick end"),
    ]
    return _svg(144, title, parts)


def _svg(height: float, title: str, parts: Sequence[str] | Iterator[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        + "".join(parts)
        + "</svg>"
    )


def _text(x: float, y: float, told: str, kind: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(told)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'
