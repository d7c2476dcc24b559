"""Make references of a user's new events: choose the images, load them, limit the wait."""

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from services.profile.config import ProfileSettings
from services.profile.debounce import Debounce
from services.profile.feedback.ignored import Ignored
from services.profile.feedback.image_choice import EventsOnImage, choose
from services.profile.feedback.new_reference import (
    ImageUnavailable,
    image_error,
    new_reference,
    removed_image,
    side_of,
    unknown_image,
)
from services.profile.feedback.reference_loading import SLOW_SECONDS, load_best
from services.profile.feedback.waiting_events import WaitingEvents
from shared.domain.images.image_key import ImageKey
from shared.domain.user import User
from shared.events import Feedback
from shared.events.types.taste_change import IgnoredReason
from shared.images.loader import LoadedImage
from shared.store.protocol import ImageStore, ProfileStore, Reference
from shared.store.removal.removal_check import RemovalCheck

GRACE_SECONDS: Final = 1.0
"""An event may wait this long for its image before the limit of waiting events applies to it: a
burst whose images are good is decided in this time, also by a busy machine."""


class ImageLoader(Protocol):
    """Loads one image by address; the loads of one requester share a part of the capacity."""

    async def load(self, uri: str, *, requester: Hashable | None = None) -> LoadedImage: ...


class AlreadyApplied:
    """The stored profile contains the event."""


Decision = Reference | AlreadyApplied | Ignored | None
"""The reference of an event; None for an event that is no evidence, such as a view."""


@dataclass(frozen=True)
class _NewEvent:
    """An event and its decision; errors are results, since the caller may have been cancelled."""

    event: Feedback
    decision: asyncio.Future[Decision | Exception]

    def decide(self, decision: Decision | Exception) -> None:
        if not self.decision.done():
            self.decision.set_result(decision)


class NewReferences:
    """Makes references of feedback; the events of one user within a moment are looked at together.

    Only the best new images of each side are loaded, as many as a side stores. When one cannot be
    loaded, the next one takes its place. Nothing else waits for an image that does not arrive: its
    event fails with `ImageUnavailable`.
    """

    def __init__(
        self,
        image_loader: ImageLoader,
        image_store: ImageStore,
        profiles: ProfileStore,
        settings: ProfileSettings,
        *,
        wait_seconds: float,
        removal_check: RemovalCheck | None = None,
    ) -> None:
        self._removal_check = removal_check
        self._image_loader = image_loader
        self._image_store = image_store
        self._profiles = profiles
        self._settings = settings
        self._waiting = WaitingEvents(limit=settings.events_waiting_for_images)
        self._debounce: Debounce[User, _NewEvent] = Debounce(self._start, wait_seconds=wait_seconds)
        self._running: set[asyncio.Task[None]] = set()

    async def make(self, event: Feedback) -> Decision:
        """The decision on an event; raises `ImageUnavailable`, and the errors of the loader."""
        if side_of(event, dwell_liked_ms=self._settings.dwell_liked_ms) is None:
            return None
        user = User(event.tenant, event.user_id)
        new = _NewEvent(event, asyncio.get_running_loop().create_future())
        await self._debounce.add(user, new)
        if not new.decision.done():
            await asyncio.wait([new.decision], timeout=GRACE_SECONDS)
        if not new.decision.done():
            with self._waiting.place(user, leave=lambda: new.decide(_too_many_wait())):
                await new.decision
        decision = new.decision.result()
        if isinstance(decision, Exception):
            # One error may decide many events; each raises it with its own traceback.
            raise decision.with_traceback(None)
        return decision

    async def close(self) -> None:
        """Stop loading images; their events stay undecided."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _start(self, user: User, batch: Sequence[_NewEvent]) -> None:
        """Decide on the events of one user; returns while slow images are still loading."""
        task = asyncio.create_task(self._decide(user, batch))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait([task], timeout=SLOW_SECONDS)
        if task.done():
            task.result()

    async def _decide(self, user: User, batch: Sequence[_NewEvent]) -> None:
        undecided = _Undecided(batch)
        seconds = self._settings.image_attempt_seconds
        try:
            async with asyncio.timeout(seconds):
                await self._load_best(user, undecided)
        except TimeoutError:
            undecided.decide_all(_too_slow(seconds))
        except Exception as error:
            undecided.decide_all(error)

    async def _load_best(self, user: User, undecided: "_Undecided") -> None:
        stored = await self._profiles.get(tenant=user.tenant, user_id=user.user_id)
        choice = choose(
            undecided.events,
            stored=stored.references if stored else (),
            applied_ids=stored.known_event_ids if stored else frozenset(),
            uris=await self._stored_uris(user, undecided.events),
            per_side=self._settings.references_per_side,
            dwell_liked_ms=self._settings.dwell_liked_ms,
        )
        undecided.decide(choice.applied, AlreadyApplied())
        undecided.ignore(choice.without_effect, "side_full")
        removed = await self._removed_ids(user, choice.unknown)
        for event in choice.unknown:
            is_removed = event.image_id in removed
            undecided.decide([event], removed_image(event) if is_removed else unknown_image(event))
        for image, reference in choice.again:
            undecided.decide([image.decisive], reference)
            undecided.ignore(image.others, "replaced")
        await asyncio.gather(
            *(self._load(user, undecided, image) for image in choice.moved),
            *(
                load_best(
                    images,
                    wanted=self._settings.references_per_side,
                    load=partial(self._load, user, undecided),
                    skip=lambda image: undecided.ignore(image.events, "side_full"),
                )
                for images in choice.to_load.values()
            ),
        )

    async def _stored_uris(self, user: User, events: Sequence[Feedback]) -> Mapping[str, str]:
        """The addresses of images that events name by id only."""
        image_ids = list({event.image_id: None for event in events if event.uri is None})
        if not image_ids:
            return {}
        stored = await self._image_store.find(tenant=user.tenant, image_ids=image_ids)
        return {image_id: image.uri for image_id, image in stored.items()}

    async def _removed_ids(self, user: User, events: Sequence[Feedback]) -> frozenset[str]:
        """The images of these events that the app has removed from its catalog."""
        if self._removal_check is None or not events:
            return frozenset()
        keys = [ImageKey(user.tenant, event.image_id) for event in events]
        return frozenset(key.image_id for key in await self._removal_check.removed(keys))

    async def _load(self, user: User, undecided: "_Undecided", image: EventsOnImage) -> str | None:
        """Load an image and decide on its events; returns its content hash, None if it failed."""
        try:
            loaded = await self._image_loader.load(image.uri, requester=user)
            reference = await _reference(image, loaded)
        except Exception as error:
            undecided.decide(image.events, image_error(image.uri, error))
        else:
            undecided.decide([image.decisive], reference)
            undecided.ignore(image.others, "replaced")
            return loaded.content_hash
        return None


async def _reference(image: EventsOnImage, loaded: LoadedImage) -> Reference:
    if image.uri.startswith("data:"):
        # The stored copy takes milliseconds to encode, during which no other event may wait.
        return await asyncio.to_thread(new_reference, image.decisive, image.side, loaded)
    return new_reference(image.decisive, image.side, loaded)


class _Undecided:
    """The events of a batch; an event that was delivered twice has two entries."""

    def __init__(self, batch: Sequence[_NewEvent]) -> None:
        self._batch = batch
        self._by_id: dict[UUID, list[_NewEvent]] = {}
        for new in batch:
            self._by_id.setdefault(new.event.event_id, []).append(new)

    @property
    def events(self) -> list[Feedback]:
        """Each event once."""
        return [same[0].event for same in self._by_id.values()]

    def decide(self, events: Iterable[Feedback], decision: Decision | Exception) -> None:
        for event in events:
            for new in self._by_id[event.event_id]:
                new.decide(decision)

    def ignore(self, events: Iterable[Feedback], reason: IgnoredReason) -> None:
        for event in events:
            self.decide([event], Ignored(reason, str(event.event_id)))

    def decide_all(self, decision: Decision | Exception) -> None:
        for new in self._batch:
            new.decide(decision)


def _too_slow(seconds: float) -> ImageUnavailable:
    return ImageUnavailable("image", f"the image did not load within {seconds:g} s")


def _too_many_wait() -> ImageUnavailable:
    return ImageUnavailable(
        "image", "the image did not load at once, and too many events of its user wait for images"
    )
