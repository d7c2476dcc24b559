"""The current profile is the highest version after the last tombstone."""

from datetime import UTC, datetime
from uuid import UUID

from shared.client.blocking import latest_profile
from shared.domain.taste import TasteSide
from shared.events import Evidence, ProfileUpdated
from shared.events.topics import PROFILES
from shared.events.wire.codec import encode
from shared.events.wire.record import Record


def profile_record(version: int | None, *, user: str = "ana") -> Record:
    event = ProfileUpdated(
        event_id=UUID(int=version or 0), occurred_at=datetime(2026, 1, 31, tzinfo=UTC),
        user_id=user, profile_version=version or 1, preference=TasteSide(),
        non_preference=TasteSide(), evidence=Evidence(liked=1, disliked=0), model_version="m",
    )  # fmt: skip
    sent = encode(event)
    value = sent.value if version else None
    return Record(PROFILES.name, 0, 0, 0, sent.key, value, sent.headers)


def version_of(*records: Record) -> int | None:
    profile = latest_profile(records, tenant="default", user_id="ana")
    return profile.profile_version if profile else None


def test_the_highest_version_is_the_profile() -> None:
    assert (
        version_of(
            profile_record(1), profile_record(3), profile_record(2), profile_record(9, user="bo")
        )
        == 3
    )


def test_an_erased_profile_is_none() -> None:
    assert version_of(profile_record(7), profile_record(None)) is None


def test_a_user_who_returns_starts_with_version_one() -> None:
    assert version_of(profile_record(7), profile_record(None), profile_record(1)) == 1
