"""Draw the report's plots as inline SVG that follows the page's colors and a phone's width."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

WIDTH: Final = 360
"""Units of every plot: a phone's width, so that its text is as large as the page's there."""
LEFT, RIGHT, TOP, BOTTOM = 34, 352, 12, 150


def positions(rows: Sequence[Mapping[str, Any]], *, title: str) -> str:
    """Views of what was shown, and clicks of what was viewed, by place."""
    if not rows:
        return _svg(60, title, [_text(LEFT, 36, "no slates yet")])
    viewed = [_share(row["viewed"], row["shown"]) for row in rows]
    clicked = [_share(row["clicked"], row["viewed"]) for row in rows]
    parts = list(_axes(1.0))
    step = (RIGHT - LEFT) / len(rows)
    for at, (view, click) in enumerate(zip(viewed, clicked, strict=True)):
        x = LEFT + step * at
        parts.append(_bar(x + step * 0.1, view, step * 0.38, "first"))
        parts.append(_bar(x + step * 0.52, click, step * 0.38, "second"))
        if at % max(1, len(rows) // 10) == 0:
            parts.append(_text(x + step / 2, BOTTOM + 14, str(rows[at]["rank"]), "middle"))
    parts += _legend(("first", "viewed of shown"), ("second", "clicked of viewed"))
    return _svg(BOTTOM + 40, title, parts)


def counts(rows: Sequence[tuple[str, int]], *, title: str) -> str:
    """Horizontal bars with their numbers."""
    if not rows:
        return _svg(60, title, [_text(8, 36, "none")])
    most = max(count for _, count in rows) or 1
    parts = []
    for at, (name, count) in enumerate(rows):
        y = 34 * at + 14
        width = (RIGHT - 8) * count / most
        parts += [
            _text(8, y, name.replace("_", " ")),
            _text(RIGHT, y, f"{count:,}", "end"),
            f'<rect x="8" y="{y + 5}" width="{max(width, 1):.1f}" height="8" rx="2"'
            ' class="first"/>',
        ]
    return _svg(34 * len(rows) + 8, title, parts)


def people(rows: Sequence[Sequence[int]], *, title: str) -> str:
    """How many people have how many pairs, in ten columns."""
    if not rows:
        return _svg(60, title, [_text(LEFT, 36, "nobody yet")])
    highest = max(pairs for pairs, _ in rows)
    width = max(1, -(-highest // 10))
    columns = [0] * 10
    for pairs, count in rows:
        columns[min((pairs - 1) // width, 9)] += count
    parts = list(_axes(max(columns)))
    step = (RIGHT - LEFT) / len(columns)
    for at, count in enumerate(columns):
        x = LEFT + step * at
        parts.append(_bar(x + step * 0.1, count / max(columns), step * 0.8, "first"))
        if at % 3 == 0:
            parts.append(_text(x + step / 2, BOTTOM + 14, str(at * width + 1), "middle"))
    return _svg(BOTTOM + 22, title, parts)


def before_and_after(earlier: Sequence[float], later: Sequence[float], *, title: str) -> str:
    """Two distributions over the same scale, 0-5, as lines."""
    most = max(*earlier, *later, 0.01)
    parts = list(_axes(most, percent=True))
    step = (RIGHT - LEFT) / len(earlier)
    for shares, kind in ((earlier, "first"), (later, "second")):
        points = " ".join(
            f"{LEFT + step * (at + 0.5):.1f},{_height(share / most):.1f}"
            for at, share in enumerate(shares)
        )
        parts.append(f'<polyline points="{points}" class="line {kind}"/>')
    parts += [_text(LEFT + (RIGHT - LEFT) * k / 5, BOTTOM + 14, str(k), "middle") for k in range(6)]
    parts += _legend(("first", "earlier half"), ("second", "later half"))
    return _svg(BOTTOM + 40, title, parts)


def _axes(most: float, *, percent: bool = False) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        y = _height(share)
        told = f"{100 * most * share:.0f}%" if percent or most == 1.0 else f"{most * share:g}"
        yield f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}" class="grid"/>'
        yield _text(LEFT - 4, y + 4, told, "end")


def _bar(x: float, share: float, width: float, kind: str) -> str:
    top = _height(share)
    return (
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{BOTTOM - top:.1f}"'
        f' class="{kind}"/>'
    )


def _legend(*told: tuple[str, str]) -> Iterator[str]:
    for at, (kind, text) in enumerate(told):
        x = LEFT + 150 * at
        yield f'<rect x="{x}" y="{BOTTOM + 24}" width="10" height="10" class="{kind}"/>'
        yield _text(x + 15, BOTTOM + 33, text)


def _height(share: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * min(share, 1.0)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>'


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    told = escape(title, quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{told}">'
        f"{''.join(parts)}</svg>"
    )
