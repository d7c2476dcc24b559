"""The client for programs without an event loop: scripts, notebooks, the command line."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from shared.client.catalog import CatalogImages, catalog_images, feed_request, next_page, removal
from shared.client.corrections import correction
from shared.client.requests import ANSWER_SECONDS, Images, NoAnswer, action, erasure, request
from shared.client.topic_reader import events_of, topic_reader
from shared.domain.requests.request_key import RequestKey
from shared.events import (
    DEFAULT_TENANT,
    AudienceMatched,
    CatalogImage,
    Feedback,
    ImageCandidates,
    ProfileCorrected,
    ProfileUpdated,
    RankedFeed,
    UserErased,
)
from shared.events.topics import AUDIENCES, ERASED, FEEDS, PROFILES
from shared.events.types.base import Event, record_key
from shared.events.types.correction import CorrectionAction
from shared.events.types.erase import ERASING_SERVICES
from shared.events.types.feedback import Action
from shared.events.wire.codec import encode
from shared.events.wire.record import Record
from shared.messaging.client.connection import Kafka, settings_of
from shared.messaging.client.producer import BlockingProducer
from shared.messaging.read.tail import whole_topic

ERASE_SECONDS = 120.0
"""The tables of the lake are searched and rewritten: seconds, or minutes when they are large."""


class Client:
    """An app on one Kafka. Every call returns; calls that wait have a time limit.

    Raises `shared.domain.errors.Unavailable` when Kafka does not answer.
    """

    def __init__(self, kafka: Kafka, *, tenant: str = DEFAULT_TENANT) -> None:
        self.kafka = kafka
        self._tenant = tenant
        self._producer = BlockingProducer(kafka)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._producer.close()

    def send(self, *events: Event) -> None:
        """Publish events; returns when Kafka has acknowledged every one."""
        self._producer.send(*(encode(event) for event in events))

    def act(self, user_id: str, type: Action, image_id: str, **fields: Any) -> Feedback:
        """Send a user's action on an image; an image that no feed has shown needs its `uri`."""
        event = action(user_id, type, image_id, **{"tenant": self._tenant, **fields})
        self.send(event)
        return event

    def correct(self, user_id: str, action: CorrectionAction, **fields: Any) -> ProfileCorrected:
        """Send a correction, which overrides the predicted taste.

        `fields` are those of the event: `element`, `side`, `word`, `words`.
        """
        event = correction(user_id, action, **{"tenant": self._tenant, **fields})
        self.send(event)
        return event

    def rank(
        self, user_id: str, images: Images, *, seconds: float = ANSWER_SECONDS, **fields: Any
    ) -> RankedFeed:
        """Send candidates and wait for their feed; raises `NoAnswer`.

        `fields` are those of the event: `top_k`, `explain`, `deadline_ms`, `exclude_ids`.
        """
        return self._answer(request(user_id, images, **{"tenant": self._tenant, **fields}), seconds)

    def feed_from_catalog(
        self, user_id: str, *, seconds: float = ANSWER_SECONDS, **fields: Any
    ) -> RankedFeed:
        """Request a feed of catalog images and wait for it; raises `NoAnswer`.

        `fields`: `limit`, `filter`, `similar_to` and `cursor` of `from_catalog`, and those of the
        event. Send `next_cursor` of a feed as `cursor` for the next page.
        """
        return self._answer(feed_request(user_id, **{"tenant": self._tenant, **fields}), seconds)

    def feed_pages(
        self, user_id: str, *, seconds: float = ANSWER_SECONDS, **fields: Any
    ) -> Iterator[RankedFeed]:
        """The pages of one feed of catalog images, each requested when it is taken.

        `fields` as in `feed_from_catalog`; `filter` and `similar_to` hold for all pages. Raises
        `NoAnswer`.
        """
        wanted: dict[str, Any] | None = fields
        while wanted is not None:
            feed = self.feed_from_catalog(user_id, seconds=seconds, **wanted)
            yield feed
            wanted = next_page(feed, wanted)

    def _answer(self, event: ImageCandidates, seconds: float) -> RankedFeed:
        for feed in self.answers([event], seconds=seconds):
            return feed
        raise NoAnswer(event.request_id, seconds=seconds)

    def add_images(self, images: CatalogImages) -> list[CatalogImage]:
        """Publish images to the catalog, or replace those that it has under the same ids."""
        events = catalog_images(images, tenant=self._tenant)
        self.send(*events)
        return events

    def remove_images(self, *image_ids: str) -> None:
        """Remove images from the catalog; an unknown id is no error."""
        self._producer.send(*(removal(image_id, tenant=self._tenant) for image_id in image_ids))

    def answers(
        self,
        requests: Sequence[ImageCandidates],
        *,
        seconds: float = ANSWER_SECONDS,
        resend: bool = False,
    ) -> Iterator[RankedFeed]:
        """Send requests and yield each feed as it arrives; stop after the last one or in time.

        One feed answers all requests of one user with the same id and content. `resend`: some of
        the requests may have been sent before; first yield the feeds of those that are answered.
        """
        missing: dict[RequestKey, set[str]] = {}
        for event in requests:
            missing.setdefault(event.request_key, set()).add(event.request_hash())
        with topic_reader(self.kafka, FEEDS) as feeds:
            # With the reader open, no feed is lost between the old feeds and the new ones.
            old = whole_topic(settings_of(self.kafka), FEEDS) if resend else ()
            yield from (
                feed for feed in events_of(old, RankedFeed) if _take_answered(missing, feed)
            )
            if not missing:
                return
            self.send(*(r for r in requests if r.request_hash() in missing.get(r.request_key, ())))
            for feed in events_of(feeds.records_for(seconds=seconds), RankedFeed):
                if _take_answered(missing, feed):
                    yield feed
                if not missing:
                    return

    def feeds(self, *, wanted: Callable[[RankedFeed], bool]) -> list[RankedFeed]:
        """The wanted feeds that Kafka still holds, oldest first."""
        records = whole_topic(settings_of(self.kafka), FEEDS)
        feeds = [feed for feed in events_of(records, RankedFeed) if wanted(feed)]
        return sorted(feeds, key=lambda feed: feed.occurred_at)

    def new_feeds(self) -> Iterator[RankedFeed]:
        """Every feed from now on, without end."""
        with topic_reader(self.kafka, FEEDS) as reader:
            yield from events_of(reader.records(until=lambda: False), RankedFeed)

    def new_audiences(self) -> Iterator[AudienceMatched]:
        """The audience of every new image of the catalog from now on, without end.

        They are published where the setting `PREFERSTREAM_AUDIENCE` is on.
        """
        with topic_reader(self.kafka, AUDIENCES) as reader:
            yield from events_of(reader.records(until=lambda: False), AudienceMatched)

    def profile(self, user_id: str) -> ProfileUpdated | None:
        """The user's current profile; None when there is none or it was erased."""
        records = whole_topic(settings_of(self.kafka), PROFILES)
        return latest_profile(records, tenant=self._tenant, user_id=user_id)

    def profile_when(
        self,
        user_id: str,
        accept: Callable[[ProfileUpdated], bool],
        *,
        after: Callable[[], None],
        seconds: float = ANSWER_SECONDS,
    ) -> ProfileUpdated | None:
        """Call `after`, then wait for the first profile of the user that `accept` takes.

        None when no such profile arrives in time.
        """
        user = (self._tenant, user_id)
        with topic_reader(self.kafka, PROFILES) as reader:
            after()
            for profile in events_of(reader.records_for(seconds=seconds), ProfileUpdated):
                if (profile.tenant, profile.user_id) == user and accept(profile):
                    return profile
        return None

    def erase(
        self, user_id: str, *, seconds: float = ERASE_SECONDS, **fields: Any
    ) -> dict[str, UserErased]:
        """Request a user's erasure; returns the receipts that arrived in time, by service.

        A service of `shared.events.types.erase.ERASING_SERVICES` that is missing may answer later.
        """
        event = erasure(user_id, **{"tenant": self._tenant, **fields})
        receipts: dict[str, UserErased] = {}
        with topic_reader(self.kafka, ERASED) as reader:
            self.send(event)
            for receipt in events_of(reader.records_for(seconds=seconds), UserErased):
                ours = receipt.key == event.key and receipt.erase_event_id == event.event_id
                if ours:
                    receipts[receipt.service] = receipt
                if receipts.keys() >= set(ERASING_SERVICES):
                    break
        return receipts


def _take_answered(missing: dict[RequestKey, set[str]], feed: RankedFeed) -> bool:
    """Remove the request that a feed answers from the hashes of each request id, if it is there."""
    hashes = missing.get(feed.request_key, set())
    # A feed without a hash comes from an older assessor: it answers any request with its id.
    answered = hashes if feed.request_hash is None else hashes & {feed.request_hash}
    if not answered:
        return False
    missing[feed.request_key] = hashes - answered
    if not missing[feed.request_key]:
        del missing[feed.request_key]
    return True


def latest_profile(
    records: Iterable[Record], *, tenant: str, user_id: str
) -> ProfileUpdated | None:
    """The user's profile among these records; None when there is none or it was erased."""
    key = record_key(tenant=tenant, user_id=user_id).encode()
    own: list[Record] = []
    for record in records:
        if record.key == key:
            # Versions start again after a tombstone; records before it no longer count.
            own = [*own, record] if record.value is not None else []
    return max(events_of(own, ProfileUpdated), key=lambda e: e.profile_version, default=None)
