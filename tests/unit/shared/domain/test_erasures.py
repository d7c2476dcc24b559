"""An erasure covers older events, by the event's own time or by its Kafka timestamp."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.erasures import Erasure, erased_user_hash

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def erasure(at: datetime, *, written: datetime | None = None) -> Erasure:
    return Erasure.from_event(at, written_ms=round((written or at).timestamp() * 1000))


@pytest.mark.parametrize(
    ("occurred", "written", "covered"),
    [
        (-MINUTE, -MINUTE, True),
        (-MINUTE, MINUTE, True),
        (MINUTE, -MINUTE, True),
        (timedelta(0), timedelta(0), True),
        (MINUTE, MINUTE, False),
        (None, -MINUTE, True),
        (None, MINUTE, False),
        (-MINUTE, None, True),
        (MINUTE, None, False),
        (None, None, False),
    ],
    ids=[
        "before", "sent late", "a clock ahead", "the same moment", "after",
        "only the Kafka time, before", "only the Kafka time, after",
        "only the event time, before", "only the event time, after", "no time",
    ],
)  # fmt: skip
def test_an_erasure_covers_an_event_if_one_of_its_known_times_is_earlier(
    occurred: timedelta | None, written: timedelta | None, covered: bool
) -> None:
    occurred_at = None if occurred is None else NOON + occurred
    written_at = None if written is None else NOON + written
    assert erasure(NOON).covers(occurred_at=occurred_at, written_at=written_at) is covered


def test_an_app_clock_that_is_ahead_does_not_erase_later_events() -> None:
    ahead = erasure(NOON + 60 * MINUTE, written=NOON)
    assert not ahead.covers(occurred_at=NOON + MINUTE, written_at=NOON + MINUTE)


def test_an_earlier_erasure_does_not_shrink_a_later_one() -> None:
    later, earlier = erasure(NOON), erasure(NOON - MINUTE)
    assert earlier.with_earlier(later) == later.with_earlier(earlier) == later
    assert later.with_earlier(None) == later


def test_the_hash_of_an_erased_user_does_not_contain_the_name() -> None:
    user_hash = erased_user_hash(tenant="gallery", user_id="ada")
    assert "ada" not in user_hash
    assert user_hash != erased_user_hash(tenant="default", user_id="ada")


@pytest.mark.parametrize("written_ms", [-1, 0, 1_769_851, 2**63 - 1, 4_102_444_800_000])
def test_a_request_with_a_wrong_kafka_timestamp_covers_earlier_events_only(
    written_ms: int,
) -> None:
    erasure = Erasure.from_event(NOON, written_ms=written_ms, now=NOON + MINUTE)
    assert erasure.covers(occurred_at=NOON - MINUTE, written_at=NOON + MINUTE)
    assert erasure.covers(occurred_at=None, written_at=NOON - MINUTE)
    assert not erasure.covers(occurred_at=NOON + MINUTE, written_at=NOON + MINUTE)


def test_a_clock_that_is_set_back_after_an_erasure_of_yesterday_erases_nothing_new() -> None:
    set_back = NOON - 60 * MINUTE
    assert not erasure(NOON - 24 * 60 * MINUTE).covers(occurred_at=set_back, written_at=set_back)


def test_an_erasure_still_covers_what_was_written_before_its_clock_was_set_back() -> None:
    # The reader's clock is an hour behind that of the request's record.
    now = NOON - 60 * MINUTE
    late = Erasure.from_event(NOON, written_ms=round(NOON.timestamp() * 1000), now=now)
    assert late.covers(occurred_at=NOON - MINUTE, written_at=NOON - MINUTE)
