"""An erasure covers what was before it, by the event's own clock or by its place in Kafka."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.erasures import Erasure, erased_person

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def asked(at: datetime, *, written: datetime | None = None) -> Erasure:
    return Erasure.asked(at, written_ms=round((written or at).timestamp() * 1000))


@pytest.mark.parametrize(
    ("occurred", "written", "covered"),
    [
        (-MINUTE, -MINUTE, True),
        (-MINUTE, MINUTE, True),
        (MINUTE, -MINUTE, True),
        (timedelta(0), timedelta(0), True),
        (MINUTE, MINUTE, False),
    ],
    ids=["before", "sent late", "a clock ahead", "the same moment", "after"],
)
def test_what_an_erasure_covers(occurred: timedelta, written: timedelta, covered: bool) -> None:
    assert asked(NOON).covers(NOON + occurred, written_at=NOON + written) is covered


def test_a_clock_that_runs_ahead_does_not_shut_out_who_comes_back() -> None:
    erasure = asked(NOON + 60 * MINUTE, written=NOON)
    assert not erasure.covers(NOON + MINUTE, written_at=NOON + MINUTE)


def test_an_earlier_erasure_takes_nothing_back() -> None:
    later, earlier = asked(NOON), asked(NOON - MINUTE)
    assert earlier.with_earlier(later) == later.with_earlier(earlier) == later
    assert later.with_earlier(None) == later


def test_an_erased_persons_name_cannot_be_read_from_what_is_kept() -> None:
    kept = erased_person(tenant="gallery", user_id="ada")
    assert "ada" not in kept
    assert kept != erased_person(tenant="default", user_id="ada")
