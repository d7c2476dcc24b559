"""Parse RFC 3339 times to UTC; an error says what is wrong and what to send instead."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EXAMPLE: Final = "2026-01-31T09:30:00Z"
_NEAR_MISSES: Final = (
    (r".*[0-9],[0-9]+([Zz]|[+-][0-9:]+)", "a decimal point must separate the fraction of a second"),
    (r".*\.[0-9]{10,}.*", "the fraction of a second has more than nine digits"),
    (r"[0-9]{4}-?W[0-9]{2}.*", "week dates are not RFC 3339; send year, month and day"),
    (r"[0-9]{4}-[0-9]{3}([Tt ].*)?", "days of the year are not RFC 3339; send month and day"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "the time of day and the zone are missing"),
    (r".*[Tt ][0-9]{2}:[0-9]{2}([Zz]|[+-][0-9]{2}:[0-9]{2})?", "the seconds are missing"),
    (r".*[Tt ][0-9:]+(\.[0-9]+)?", "the zone is missing; add Z, or an offset such as +01:00"),
    (r".*[0-9][+-]([0-9]{2}|[0-9]{4})", "the offset must have hours and minutes, such as +01:00"),
)
"""Patterns of other notations, and the reason for each."""


def parse_rfc3339(text: str) -> datetime:
    """The time in UTC; raises `ValueError` with a reason.

    Second 60 is read as the next second: a leap second at 23:59:60, and a time that its sender
    rounded up. Digits after the sixth of a fraction are dropped.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(_reason(text))
    date, hour, minute, second, fraction, zone = match.groups()
    if hour == "24":
        raise ValueError("hour 24 is not RFC 3339; send 00:00:00 of the next day")
    if zone not in "Zz" and not (zone[1:3] < "24" and zone[4:] < "60"):
        raise ValueError(f"the offset {zone} does not exist; send an offset up to 23:59, or Z")
    if second > "60":
        raise ValueError(f"second {second} does not exist; seconds are 00 to 59, a leap second 60")
    is_next_second = second == "60"
    second = "59" if is_next_second else second
    try:
        time = datetime.fromisoformat(
            f"{date}T{hour}:{minute}:{second}{fraction or ''}{zone.upper()}"
        )
    except ValueError as error:
        raise ValueError(f"there is no such time: {error}") from error
    try:
        return time.astimezone(UTC) + timedelta(seconds=is_next_second)
    except OverflowError as error:
        raise ValueError(
            "in UTC the time is outside the years 1 to 9999; check the year and the offset"
        ) from error


def _reason(text: str) -> str:
    problem = next((why for pattern, why in _NEAR_MISSES if re.fullmatch(pattern, text)), None)
    expected = f"expected an RFC 3339 time with a zone, such as {_EXAMPLE}"
    return f"{expected}; {problem}" if problem else expected
