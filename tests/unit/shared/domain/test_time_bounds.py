"""Times of events and of Kafka records are limited to those that a correct clock can have sent."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.domain.times.time_bounds import bounded, no_later_than_arrival, time_of_ms, written_time

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


@pytest.mark.parametrize(
    "time",
    [
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime.min.replace(tzinfo=timezone(14 * HOUR)),
        datetime.max.replace(tzinfo=timezone(-14 * HOUR)),
        NOW + timedelta(hours=24, microseconds=1),
    ],
)
def test_a_time_out_of_bounds_is_an_error_and_never_an_overflow(time: datetime) -> None:
    with pytest.raises(ValueError, match=r"before 1970|in the future"):
        bounded(time, now=NOW)


@pytest.mark.parametrize("time", [datetime(1970, 1, 1, tzinfo=UTC), NOW, NOW + 24 * HOUR])
def test_a_time_within_the_bounds_is_kept_in_utc(time: datetime) -> None:
    in_a_zone = time.astimezone(timezone(5.5 * HOUR))
    assert bounded(in_a_zone, now=NOW) == time
    assert bounded(in_a_zone, now=NOW).tzinfo is UTC


@pytest.mark.parametrize("milliseconds", [-(2**63), -1, 0, 1, 2**63 - 1, 10**30])
def test_any_number_of_milliseconds_has_a_time(milliseconds: int) -> None:
    assert 1970 <= time_of_ms(milliseconds).year <= 9999
    assert written_time(milliseconds) is None


def test_a_timestamp_of_a_correct_clock_is_exact() -> None:
    assert written_time(ms(NOW), now=NOW) == time_of_ms(ms(NOW)) == NOW
    assert written_time(ms(NOW + 2 * HOUR), now=NOW) == NOW + 2 * HOUR
    assert written_time(ms(NOW + 25 * HOUR), now=NOW) is None


@pytest.mark.parametrize(
    ("occurred", "written", "expected"),
    [
        (-HOUR, timedelta(0), -HOUR),
        (-1000 * HOUR, timedelta(0), -1000 * HOUR),
        (23 * HOUR, -HOUR, -HOUR),
        (23 * HOUR, None, timedelta(0)),
        (23 * HOUR, 25 * HOUR, timedelta(0)),
        (-HOUR, -1000 * HOUR, -HOUR),
        (HOUR, HOUR, HOUR),
    ],
    ids=[
        "at once", "a delayed upload keeps its time", "a clock ahead", "without a timestamp",
        "a timestamp of the future", "a timestamp far before the event",
        "the reader's clock was set back",
    ],
)  # fmt: skip
def test_an_event_is_not_later_than_its_arrival(
    occurred: timedelta, written: timedelta | None, expected: timedelta
) -> None:
    timestamp_ms = -1 if written is None else ms(NOW + written)
    assert (
        no_later_than_arrival(NOW + occurred, timestamp_ms=timestamp_ms, now=NOW) == NOW + expected
    )
