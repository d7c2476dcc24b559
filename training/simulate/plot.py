"""Draw NDCG@10 by day and arm as one SVG file that a README can show."""

import math
from html import escape
from typing import Any, Final

from training.simulate.loop import OURS

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 560, 24, 340
COLORS: Final = {
    OURS: "#c2410c", "oracle": "#64748b", "frozen": "#1d4ed8", "similarity": "#0f766e",
    "collaborative": "#7c3aed", "popularity": "#a16207", "random": "#94a3b8",
}  # fmt: skip
ROUND: Final = 0.05
"""The scale begins and ends at multiples of it."""
APART = 15.0
"""Pixels between the names at the right."""


def plot(results: dict[str, Any]) -> str:
    """Lines with their 95 % intervals over seeds; a mark where a night was promoted."""
    arms: dict[str, list[dict[str, float]]] = results["measures"]["ndcg"]
    values = [point[end] for found in arms.values() for point in found for end in ("low", "high")]
    bottom, top = _range(values)
    days = results["days"]

    def x(day: int) -> float:
        return LEFT + (RIGHT - LEFT) * day / max(days - 1, 1)

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - bottom) / (top - bottom)

    parts = []
    for step in range(6):
        value = bottom + (top - bottom) * step / 5
        parts.append(
            f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
            ' stroke="#cbd5e1" stroke-width="0.5"/>'
        )
        parts.append(_text(LEFT - 8, y(value) + 4, f"{value:.2f}", anchor="end"))
    parts += [_text(x(day), BOTTOM + 18, str(day), anchor="middle") for day in range(days)]
    parts.append(_text((LEFT + RIGHT) / 2, BOTTOM + 40, "nights passed", anchor="middle"))
    parts += _change(results, x)
    names = []
    for arm, found in arms.items():
        color = COLORS.get(arm, "#334155")
        upper = [f"{x(d):.1f},{y(p['high']):.1f}" for d, p in enumerate(found)]
        lower = [f"{x(d):.1f},{y(p['low']):.1f}" for d, p in enumerate(found)]
        parts.append(
            f'<polygon points="{" ".join(upper + lower[::-1])}" fill="{color}" opacity="0.12"/>'
        )
        line = " ".join(f"{x(d):.1f},{y(p['mean']):.1f}" for d, p in enumerate(found))
        width = 2.5 if arm == OURS else 1.5
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="{width}"/>'
        )
        names.append((y(found[-1]["mean"]), arm, color))
    parts += _names(names)
    parts += _promotions(results, arms[OURS], x, y)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12" role="img">\n'
        "<title>NDCG at 10 against true tastes, by nights passed</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _range(values: list[float]) -> tuple[float, float]:
    """Round ends, none above what NDCG can be."""
    low = math.floor(min(values) / ROUND) * ROUND
    high = math.ceil(max(values) / ROUND - 1e-9) * ROUND
    return low, max(high, low + ROUND)


def _change(results: dict[str, Any], x: Any) -> list[str]:
    """Where a part of the people begins to like something else."""
    changed = results.get("change_of_heart")
    if not changed:
        return []
    at = x(changed["before_day"])
    return [
        f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{BOTTOM}" stroke="#94a3b8"'
        ' stroke-dasharray="3 4"/>',
        _text(at + 6, BOTTOM - 8, "some change their taste"),
    ]


def _names(names: list[tuple[float, str, str]]) -> list[str]:
    parts, last = [], -APART
    for at, arm, color in sorted(names):
        last = max(at, last + APART)
        parts.append(_text(RIGHT + 10, last + 4, arm, color=color))
    return parts


def _promotions(results: dict[str, Any], ours: list[dict[str, float]], x: Any, y: Any) -> list[str]:
    promoted = {
        number
        for found in results["nights"].values()
        for number, night in enumerate(found, start=1)
        if night["verdict"] == "promoted"
    }
    return [
        f'<circle cx="{x(n):.1f}" cy="{y(ours[n]["mean"]):.1f}" r="4" fill="{COLORS[OURS]}">'
        "<title>a challenger took over</title></circle>"
        for n in sorted(promoted)
        if n < len(ours)
    ]


def _text(x: float, y: float, text: str, *, anchor: str = "start", color: str = "#334155") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'
    )
