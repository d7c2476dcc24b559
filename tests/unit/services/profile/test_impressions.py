"""Views are remembered: the latest of each image, bounded, and only while it is wanted."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from qdrant_client import AsyncQdrantClient

from services.profile.config import ProfileSettings
from services.profile.feedback.impressions import Views
from shared.events import Feedback
from shared.events.types.feedback import Action
from shared.store.impressions import QdrantSeen

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _act(image: str, *, minutes: int = 0, action: Action = "view") -> Feedback:
    return Feedback(
        event_id=uuid4(), occurred_at=NOW + timedelta(minutes=minutes), user_id="u", type=action,
        image_id=image, dwell_ms=10,
    )  # fmt: skip


async def _seen_after(settings: ProfileSettings, *events: Feedback) -> dict[str, datetime] | None:
    client = AsyncQdrantClient(":memory:")
    try:
        store = QdrantSeen(client)
        await store.prepare()
        views = Views(store, settings)
        for event in events:
            await views.take(event)
        seen = await store.get(tenant="default", user_id="u")
        removed = await store.remove(tenant="default", user_id="u")
        assert removed == (len(seen.seen_at) if seen else 0)
        assert await store.get(tenant="default", user_id="u") is None
    finally:
        await client.close()
    return dict(seen.seen_at) if seen else None


async def test_each_action_is_a_view_but_a_stated_reference() -> None:
    seen = await _seen_after(
        ProfileSettings(seen_days=1, gather_ms=0),
        _act("a"), _act("b", action="hide"), _act("c", action="reference_like"),
        _act("d", action="dwell"),
    )  # fmt: skip
    assert seen is not None
    assert set(seen) == {"a", "b", "d"}


async def test_the_latest_view_counts_whatever_order_and_however_often_it_comes() -> None:
    settings = ProfileSettings(seen_days=1, gather_ms=0)
    seen = await _seen_after(settings, _act("a", minutes=5), _act("a", minutes=1), _act("a"))
    assert seen == {"a": NOW + timedelta(minutes=5)}


async def test_the_oldest_views_are_forgotten_first() -> None:
    settings = ProfileSettings(seen_days=1, gather_ms=0, remembered_views=2)
    seen = await _seen_after(settings, *[_act(name, minutes=n) for n, name in enumerate("abcd")])
    assert seen is not None
    assert list(seen) == ["c", "d"]


async def test_nothing_is_kept_while_it_is_off() -> None:
    assert await _seen_after(ProfileSettings(gather_ms=0), _act("a")) is None
