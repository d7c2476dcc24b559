"""Read the times of other systems: numbers in several units, and texts with or without a zone."""

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal

from shared.domain.times.time_bounds import EARLIEST, bounded

Unit = Literal["guess", "s", "ms"]
_PER_SECOND: Final = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (math.inf, 1e9))
"""Below each limit the unit of a number: seconds until the year 5138, then ms, us and ns."""
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_GO: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d{4}) \S+(?: m=\S+)?")
"""How Go prints a time: `2021-03-01 10:00:00.5 +0000 UTC`, also with its monotonic clock."""
_FRACTION: Final = re.compile(r"(\.\d{6})\d+")
NO_TIME: Final = "0001-01-01"
"""How Go prints the time that was never set."""


class NoTime(ValueError):
    """The record has no time."""


def parse_time(
    value: object, *, now: datetime, zone: tzinfo = UTC, unit: Unit = "guess"
) -> datetime:
    """The time in UTC; a text without a zone is in `zone`, a number is of `unit`.

    Raises `NoTime`, and `ValueError` for what is no time, before 1970, or more than 24 hours ahead
    of `now`.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        raise NoTime("there is no time")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"a time is a number or a text, not {type(value).__name__}")
    text = str(value).strip()
    if text.startswith(NO_TIME):
        raise NoTime("the time was never set")
    if _NUMBER.fullmatch(text):
        return bounded(_from_number(text, unit), now=now)
    return bounded(_from_text(text, zone), now=now)


def _from_number(text: str, unit: Unit) -> datetime:
    number = float(text)
    match unit:
        case "s":
            per_second = 1.0
        case "ms":
            per_second = 1e3
        case "guess":
            # `1e999` is infinite, and so beyond the last limit too.
            scales = (scale for limit, scale in _PER_SECOND if abs(number) < limit)
            per_second = next(scales, 1.0)
    try:
        if per_second > 1 and "." not in text and "e" not in text.lower():
            # In integers: a float has no room for microseconds since 1970.
            return EARLIEST + timedelta(microseconds=int(text) * 1_000_000 // int(per_second))
        return EARLIEST + timedelta(seconds=number / per_second)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{text[:40]} is no time in seconds or milliseconds") from error


def _from_text(text: str, zone: tzinfo) -> datetime:
    match = _GO.fullmatch(text)
    iso = f"{match[1]}{match[2]}" if match else text
    try:
        time = datetime.fromisoformat(_FRACTION.sub(r"\1", iso))
    except ValueError as error:
        raise ValueError(
            f"{text[:60]!r} is no time; expected ISO 8601 such as 2024-05-01T12:00:00Z, or the"
            " seconds or milliseconds since 1970"
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=zone)
