"""An erased user is removed, also while events are processed, and can return later."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from shared.domain.ids import erased_event_id
from shared.domain.user import User
from shared.events import ProfileUpdated, UserErase, UserErased
from shared.events.topics import PROFILES
from shared.events.types.base import Event
from shared.events.wire.record import Record
from shared.messaging.contract import Delivery
from shared.store.sessions.pages import PageConditions, ServedPage
from tests.fakes.publisher import RecordingPublisher
from tests.unit.services.profile.service_on_fakes import (
    NOW,
    GatedModel,
    ProfileSetup,
    correction,
    feedback,
    words,
)


def erase(*, number: int = 9, seconds: float = 60, tenant: str = "default") -> UserErase:
    at = NOW + timedelta(seconds=seconds)
    return UserErase(event_id=UUID(int=number), occurred_at=at, user_id="ana", tenant=tenant)


def delivered(event: Event) -> Delivery:
    """A delivery whose record was written when the event occurred."""
    written_ms = round(event.occurred_at.timestamp() * 1000)
    return Delivery(Record("t", 0, 0, written_ms, None, b""))


async def erased(setup: ProfileSetup, event: UserErase) -> UserErased:
    await setup.handlers.erase(event, delivered(event))
    receipt = setup.publisher.events[-1]
    assert isinstance(receipt, UserErased)
    return receipt


async def test_an_erasure_removes_all_data_of_the_user_and_counts_it_in_a_receipt() -> None:
    setup = ProfileSetup(seen_days=7)
    for event in (feedback("red"), feedback("blue", "dislike", at=1)):
        await setup.handlers.feedback(event, delivered(event))
    await setup.corrections.apply(correction("pin", word="gold"))
    receipt = await erased(setup, erase())
    assert receipt.removed == {"profiles": 1, "references": 2, "corrections": 1, "impressions": 2}
    assert receipt.remaining == {"profiles": 0}
    assert (receipt.service, receipt.erase_event_id) == ("profile", UUID(int=9))
    assert receipt.event_id == erased_event_id(
        User("default", "ana"), erase_event_id=UUID(int=9), service="profile"
    )
    assert await setup.store.get(tenant="default", user_id="ana") is None
    assert setup.impressions.by_user == {}
    assert setup.publisher.tombstones == [(PROFILES, "ana")]


async def test_the_receipt_counts_the_data_that_remains() -> None:
    setup = ProfileSetup()
    setup.erasures.remaining_counts = {"profiles": 0, "elsewhere": 2}
    assert (await erased(setup, erase())).remaining == {"profiles": 0, "elsewhere": 2}


async def test_the_receipt_names_where_nobody_can_search() -> None:
    setup = ProfileSetup()
    setup.erasures.not_searched = ("the files of the Qdrant server",)
    assert (await erased(setup, erase())).not_searched == ("the files of the Qdrant server",)


async def test_pages_of_feeds_are_removed_and_the_events_of_references_are_searched() -> None:
    setup = ProfileSetup()
    liked = feedback("red")
    await setup.handlers.feedback(liked, delivered(liked))
    for user_id in ("ana", "bo"):
        await setup.sessions.put(
            ServedPage.first(User("default", user_id), uuid4(), PageConditions(), started_at=NOW)
        )
    receipt = await erased(setup, erase())
    assert receipt.removed["feed_pages"] == 1
    assert {page.user_id for page in setup.sessions.pages.values()} == {"bo"}
    assert setup.erasures.event_ids == {str(liked.event_id)}


async def test_a_redelivered_erasure_finds_nothing_and_its_receipt_has_the_same_id() -> None:
    setup = ProfileSetup()
    await setup.process(feedback("red"))
    first, again = [await erased(setup, erase()) for _ in range(2)]
    assert again.event_id == first.event_id
    assert set(again.removed.values()) == {0}


async def test_a_user_of_another_tenant_is_not_erased() -> None:
    setup = ProfileSetup()
    await setup.process(feedback("red"))
    await erased(setup, erase(tenant="elsewhere"))
    assert (await setup.stored()).profile_version == 1
    assert setup.publisher.tombstones == [(PROFILES, "elsewhere\x1fana")]


async def test_older_events_that_arrive_after_an_erasure_change_nothing() -> None:
    setup = ProfileSetup(seen_days=7)
    await erased(setup, erase())
    late = feedback("red")
    await setup.handlers.feedback(late, delivered(late))
    pin = correction("pin", word="gold")
    await setup.handlers.correct(pin, delivered(pin))
    assert await setup.store.get(tenant="default", user_id="ana") is None
    assert (setup.updates(), setup.impressions.by_user) == ([], {})


async def test_a_user_who_returns_starts_with_an_empty_profile() -> None:
    setup = ProfileSetup()
    await setup.process(feedback("red"))
    await erased(setup, erase(seconds=60))
    again = feedback("blue", at=61)
    await setup.handlers.feedback(again, delivered(again))
    assert words(setup.updates()[-1].preference) == ["blue"]
    assert setup.updates()[-1].profile_version == 1


async def test_a_prediction_in_progress_does_not_restore_an_erased_user() -> None:
    model = GatedModel()
    setup = ProfileSetup(model, seen_days=7)
    like = feedback("red")
    predicting = asyncio.create_task(setup.handlers.feedback(like, delivered(like)))
    await model.started.wait()
    await erased(setup, erase())
    model.release.set()
    await predicting
    assert await setup.store.get(tenant="default", user_id="ana") is None
    assert (setup.impressions.by_user, setup.updates()) == ({}, [])


class GatedPublisher(RecordingPublisher):
    """Publishes a profile when the test sets `release`."""

    def __init__(self) -> None:
        super().__init__()
        self.started = asyncio.Event()
        self.release = asyncio.Event()

    async def publish(self, *events: Event) -> None:
        if any(isinstance(event, ProfileUpdated) for event in events):
            self.started.set()
            await self.release.wait()
        await super().publish(*events)


async def test_a_profile_that_is_published_after_the_tombstone_gets_a_tombstone_too() -> None:
    publisher = GatedPublisher()
    setup = ProfileSetup(publisher=publisher)
    like = feedback("red")
    handled = asyncio.create_task(setup.handlers.feedback(like, delivered(like)))
    await publisher.started.wait()
    await erased(setup, erase())
    publisher.release.set()
    await handled
    assert setup.updates()
    assert publisher.tombstones == [(PROFILES, "ana"), (PROFILES, "ana")]
    assert await setup.store.get(tenant="default", user_id="ana") is None
