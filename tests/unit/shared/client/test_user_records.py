"""The records about a user are those under their key and those that name them in the value."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.client import catalog_image
from shared.client.user_records import IsAboutUser
from shared.events import AudienceMatched, Event, MatchedUser
from shared.events.wire.codec import encode
from shared.events.wire.record import Record

ADA = IsAboutUser(tenant="default", user_id="ada")


def record(event: Event) -> Record:
    sent = encode(event)
    return Record(sent.topic, 0, 0, 0, sent.key, sent.value, sent.headers)


def audience(*user_ids: str, tenant: str = "default") -> AudienceMatched:
    return AudienceMatched(
        event_id=UUID(int=1), occurred_at=datetime(2026, 1, 31, tzinfo=UTC), tenant=tenant,
        image_id="a", users=tuple(MatchedUser(user_id=name, score=20) for name in user_ids),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "is_about_ada"),
    [
        (audience("bo", "ada"), True),
        (audience("bo"), False),
        (audience("ada", tenant="shop"), False),
        (catalog_image("sea", "mem:a", author_id="ada"), False),
    ],
)
def test_an_audience_is_about_each_user_that_it_names(event: Event, is_about_ada: bool) -> None:
    assert ADA(record(event)) is is_about_ada
