"""Template filters: format numbers, times and durations, and mark code in text."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup, escape

from services.ops.pages.rendering import shapes

THOUSANDS: Final = ((1e9, "G"), (1e6, "M"), (1e4, "k"))


def count(number: float) -> str:
    """Format a whole number; from ten thousand on in short form: `9,200`, `12.4k`."""
    for size, letter in THOUSANDS:
        if abs(number) >= size:
            shown = number / (1e3 if letter == "k" else size)
            return f"{shown:.1f}{letter}"
    return f"{number:,.0f}"


def milliseconds(number: float | None) -> str:
    """Format milliseconds as `340 ms` or `2.4 s`."""
    if number is None or math.isnan(number):
        return "-"
    return f"{number:.0f} ms" if number < 1000 else f"{number / 1000:.1f} s"


def duration(seconds: float | None) -> str:
    """Format seconds in one or two units: `42 s`, `5 min`, `3 h 20 min`, `4 d`."""
    if seconds is None:
        return "-"
    whole = int(max(seconds, 0))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86_400:
        hours, minutes = divmod(whole // 60, 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{whole // 86_400} d"


def moment(when: datetime | None) -> str:
    """Format a time in UTC, with seconds."""
    return "-" if when is None else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def percent(share: float) -> str:
    return f"{share:.0%}"


def marked(text: str) -> Markup:
    """Return escaped text, with the parts between backticks as `<code>`."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 and number < len(pieces) - 1
        else escape("`" * (number % 2) + piece)
        for number, piece in enumerate(pieces)
    )  # fmt: skip


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "count": count,
    "milliseconds": milliseconds,
    "duration": duration,
    "moment": moment,
    "percent": percent,
    "marked": marked,
    "radar": shapes.radar,
    "corner": shapes.corner,
    "polyline": shapes.polyline,
}
