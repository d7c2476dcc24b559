"""Write SVG elements: text, lines, rectangles, dots, and the frame around them."""

from collections.abc import Iterable
from html import escape
from typing import Final

WIDTH: Final = 360
"""Width of a plot in SVG units: a phone's width, so that its text is as large as the page's."""
Point = tuple[float, float]


def text(x: float, y: float, content: str, css: str = "") -> str:
    """Text at a point; `css` may hold `end` or `middle` to align it there."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{escape(css)}">{escape(content)}</text>'


def line(start: Point, end: Point, css: str) -> str:
    """A straight line."""
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{escape(css)}"/>'


def rect(
    x: float, y: float, width: float, height: float, css: str, *, tooltip: str = "", radius: int = 0
) -> str:
    """A rectangle; `tooltip` is shown by browsers when the pointer rests on it."""
    start = (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
        f' rx="{radius}" class="{escape(css)}"'
    )
    return f"{start}>{_title(tooltip)}</rect>" if tooltip else f"{start}/>"


def dot(center: Point, radius: float, css: str, *, tooltip: str = "") -> str:
    """A filled circle."""
    x, y = center
    start = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="dot {escape(css)}"'
    return f"{start}>{_title(tooltip)}</circle>" if tooltip else f"{start}/>"


def polyline(points: Iterable[Point], css: str) -> str:
    """A line through points."""
    return f'<polyline points="{_joined(points)}" class="curve {escape(css)}"/>'


def polygon(points: Iterable[Point], css: str) -> str:
    """A filled area, for example the interval around a line."""
    return f'<polygon points="{_joined(points)}" class="band {escape(css)}"/>'


def svg(height: float, title: str, parts: Iterable[str], *, width: float = WIDTH) -> str:
    """The whole drawing; screen readers read `title`."""
    label = escape(title, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def _joined(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _title(content: str) -> str:
    return f"<title>{escape(content)}</title>"
