"""Impressions are stored: the latest per image, bounded, and only while the setting is on."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from qdrant_client import AsyncQdrantClient

from services.profile.config import ProfileSettings
from services.profile.feedback.impressions import impression_recorder
from shared.events import Feedback
from shared.events.types.feedback import Action
from shared.events.wire.record import Record
from shared.messaging.contract import Delivery
from shared.store.impressions import QdrantImpressions
from tests.unit.services.profile.service_on_fakes import ProfileSetup, feedback

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _event(image: str, *, minutes: int = 0, action: Action = "view") -> Feedback:
    return Feedback(
        event_id=uuid4(), occurred_at=NOW + timedelta(minutes=minutes), user_id="u", type=action,
        image_id=image, dwell_ms=10,
    )  # fmt: skip


async def _seen_after(settings: ProfileSettings, *events: Feedback) -> dict[str, datetime] | None:
    client = AsyncQdrantClient(":memory:")
    try:
        store = QdrantImpressions(client)
        await store.prepare()
        recorder = impression_recorder(store, settings)
        assert recorder is not None
        for event in events:
            await recorder.record(event)
        stored = await store.get(tenant="default", user_id="u")
        removed = await store.remove(tenant="default", user_id="u")
        assert removed == (len(stored.seen_at) if stored else 0)
        assert await store.get(tenant="default", user_id="u") is None
    finally:
        await client.close()
    return dict(stored.seen_at) if stored else None


async def test_every_action_except_a_stated_reference_is_an_impression() -> None:
    seen = await _seen_after(
        ProfileSettings(seen_days=1, profile_debounce_ms=0),
        _event("a"), _event("b", action="hide"), _event("c", action="reference_like"),
        _event("d", action="dwell"),
    )  # fmt: skip
    assert seen is not None
    assert set(seen) == {"a", "b", "d"}


async def test_the_latest_impression_of_an_image_counts_in_any_order() -> None:
    settings = ProfileSettings(seen_days=1, profile_debounce_ms=0)
    seen = await _seen_after(settings, _event("a", minutes=5), _event("a", minutes=1), _event("a"))
    assert seen == {"a": NOW + timedelta(minutes=5)}


async def test_the_oldest_impressions_are_dropped_first() -> None:
    settings = ProfileSettings(seen_days=1, profile_debounce_ms=0, impressions_per_user=2)
    seen = await _seen_after(settings, *[_event(name, minutes=n) for n, name in enumerate("abcd")])
    assert seen is not None
    assert list(seen) == ["c", "d"]


@pytest.mark.parametrize(("seen_days", "record"), [(0, False), (1, False), (0, True)])
async def test_impressions_are_stored_only_while_a_setting_uses_them(
    seen_days: int, record: bool
) -> None:
    setup = ProfileSetup(seen_days=seen_days, record_impressions=record)
    event = feedback("red", "view")
    await setup.handlers.feedback(event, Delivery(Record("t", 0, 0, 0, None, b"")))
    assert len(setup.impressions.by_user) == bool(seen_days or record)


async def test_only_views_show_what_a_user_could_choose_from() -> None:
    setup = ProfileSetup()
    recorder = impression_recorder(setup.impressions, ProfileSettings(profile_debounce_ms=0))
    assert recorder is not None
    for event in (_event("a"), _event("b", action="click"), _event("a", action="like")):
        await recorder.record(event)
    (stored,) = setup.impressions.by_user.values()
    assert set(stored.seen_at) == {"a", "b"}
    assert stored.viewed == frozenset("a")
    fewer = stored.with_impressions({"c": NOW + timedelta(days=1)}, limit=1)
    assert set(fewer.seen_at) == {"c"}
    assert not fewer.viewed
