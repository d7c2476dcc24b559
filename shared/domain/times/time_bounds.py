"""Limit times to those that a correct clock can have sent, and order events by such times."""

from datetime import UTC, datetime, timedelta
from typing import Final

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_AHEAD: Final = timedelta(hours=24)
"""How far a time may be ahead of the reader's clock. A sender that writes its local time with the
zone of UTC is up to 14 hours ahead; a larger difference is a wrong year, unit or clock."""
FIRST_KAFKA_RECORD: Final = datetime(2011, 1, 1, tzinfo=UTC)
"""The year of Kafka's first release: an earlier timestamp of a record was not read from a clock.
Examples are 0, -1 (none), and seconds that were sent as milliseconds."""
_LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def bounded(time: datetime, *, now: datetime | None) -> datetime:
    """The time in UTC; raises `ValueError` if it is before 1970 or too far ahead of `now`.

    Without `now` only a time that has no equivalent in UTC is too late.
    """
    try:
        time = time.astimezone(UTC)
    except OverflowError:
        # The offset moves the time before year 1 or after year 9999.
        raise ValueError(_too_early() if time.year == 1 else _too_late()) from None
    if time < EARLIEST:
        raise ValueError(_too_early())
    if now is not None and time - now > MAX_AHEAD:
        raise ValueError(_too_late())
    return time


def time_of_ms(milliseconds: int) -> datetime:
    """The UTC time of milliseconds since the epoch, at most the nearest time that has a date.

    Any number is allowed: the sender of a Kafka record chooses its timestamp.
    """
    earliest_ms, latest_ms = (int(time.timestamp() * 1000) for time in (EARLIEST, _LATEST))
    limited = min(max(milliseconds, earliest_ms), latest_ms)
    return EARLIEST + timedelta(milliseconds=limited)


def written_time(timestamp_ms: int, *, now: datetime | None = None) -> datetime | None:
    """The time of a record's Kafka timestamp; None if no correct clock can have written it.

    Without `now` any later time is accepted.
    """
    time = time_of_ms(timestamp_ms)
    if time < FIRST_KAFKA_RECORD or time >= _LATEST:
        return None
    return None if now is not None and time - now > MAX_AHEAD else time


def no_later_than_arrival(occurred_at: datetime, *, timestamp_ms: int, now: datetime) -> datetime:
    """The time of an event, but at most the time at which Kafka received its record.

    So an event of a clock that is ahead does not outrank later ones, and a delayed upload keeps
    its older time. Where the timestamp is wrong, `now` is the limit: it is wrong if no clock can
    have written it, or if the event occurred much later.
    """
    written = written_time(timestamp_ms, now=now)
    is_known = written is not None and occurred_at - written <= MAX_AHEAD
    return min(occurred_at, written if written is not None and is_known else now)


def _too_early() -> str:
    return f"the time is before {EARLIEST.year}; check its unit and its zone"


def _too_late() -> str:
    hours = MAX_AHEAD.total_seconds() / 3600
    return f"the time is more than {hours:g} hours in the future; check its year, zone and clock"
