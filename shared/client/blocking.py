"""The way in for programs that wait: scripts, notebooks, the command line."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from shared.client.corrections import correction
from shared.client.records import Sender, events_of, reading
from shared.client.requests import Images, NoAnswer, action, erasure, request
from shared.events import (
    DEFAULT_TENANT,
    Feedback,
    ImageCandidates,
    ProfileCorrected,
    ProfileUpdated,
    RankedFeed,
    UserErased,
)
from shared.events.topics import ERASED, FEEDS, PROFILES
from shared.events.types.base import Event, record_key
from shared.events.types.correction import CorrectionAction
from shared.events.types.erase import ERASING_SERVICES
from shared.events.types.feedback import Action
from shared.events.wire.record import Record
from shared.messaging.client.connection import Kafka

ANSWER_SECONDS = 30.0
"""A feed takes a second or two; a cold model on a busy machine takes many."""
ERASE_SECONDS = 120.0
"""The lake's tables are looked through and written anew: seconds, minutes when they are large."""


class Client:
    """An app on one Kafka. Every call returns; those that wait say how long they do.

    Raises `shared.domain.errors.Unavailable` when Kafka does not answer.
    """

    def __init__(self, kafka: Kafka, *, tenant: str = DEFAULT_TENANT) -> None:
        self.kafka = kafka
        self._tenant = tenant
        self._sender = Sender(kafka)

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
        self._sender.close()

    def send(self, *events: Event) -> None:
        """Publish events; returns when Kafka has acknowledged every one."""
        self._sender.send(events)

    def act(self, user_id: str, type: Action, image_id: str, **fields: Any) -> Feedback:
        """Say what a user did with an image; `uri` is needed where no feed has shown it yet."""
        event = action(user_id, type, image_id, **{"tenant": self._tenant, **fields})
        self.send(event)
        return event

    def correct(self, user_id: str, action: CorrectionAction, **fields: Any) -> ProfileCorrected:
        """Say what holds for a user's taste whatever is predicted.

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
        event = request(user_id, images, **{"tenant": self._tenant, **fields})
        for feed in self.answers([event], seconds=seconds):
            return feed
        raise NoAnswer(event.request_id, seconds=seconds)

    def answers(
        self, requests: Sequence[ImageCandidates], *, seconds: float = ANSWER_SECONDS
    ) -> Iterator[RankedFeed]:
        """Send requests and give each feed as it comes, until all have or the time is over."""
        missing = {(event.tenant, event.request_id) for event in requests}
        with reading(self.kafka, FEEDS) as feeds:
            self.send(*requests)
            for feed in events_of(feeds.records_for(seconds=seconds), RankedFeed):
                if (feed.tenant, feed.request_id) in missing:
                    missing.discard((feed.tenant, feed.request_id))
                    yield feed
                if not missing:
                    return

    def feeds(self, *, wanted: Callable[[RankedFeed], bool]) -> list[RankedFeed]:
        """Every feed that Kafka still holds and that is wanted, oldest first."""
        with reading(self.kafka, FEEDS, from_beginning=True) as reader:
            found = [f for f in events_of(reader.records_so_far(), RankedFeed) if wanted(f)]
        return sorted(found, key=lambda feed: feed.occurred_at)

    def follow_feeds(self) -> Iterator[RankedFeed]:
        """Every feed from now on, without end."""
        with reading(self.kafka, FEEDS) as reader:
            yield from events_of(reader.records(until=lambda: False), RankedFeed)

    def profile(self, user_id: str) -> ProfileUpdated | None:
        """The user's taste as it now stands; None when nothing is known or it was erased."""
        with reading(self.kafka, PROFILES, from_beginning=True) as reader:
            return latest_profile(reader.records_so_far(), tenant=self._tenant, user_id=user_id)

    def profile_when(
        self,
        user_id: str,
        rests: Callable[[ProfileUpdated], bool],
        *,
        after: Callable[[], None],
        seconds: float = ANSWER_SECONDS,
    ) -> ProfileUpdated | None:
        """Do `after`, then wait for the first profile of the user that will do; None if none."""
        with reading(self.kafka, PROFILES) as reader:
            after()
            for profile in events_of(reader.records_for(seconds=seconds), ProfileUpdated):
                if (profile.tenant, profile.user_id) == (self._tenant, user_id) and rests(profile):
                    return profile
        return None

    def erase(
        self, user_id: str, *, seconds: float = ERASE_SECONDS, **fields: Any
    ) -> dict[str, UserErased]:
        """Ask for a user to be forgotten; the receipts that came in time, by service.

        One of `shared.events.types.erase.ERASING_SERVICES` that is missing may still answer.
        """
        event = erasure(user_id, **{"tenant": self._tenant, **fields})
        receipts: dict[str, UserErased] = {}
        with reading(self.kafka, ERASED) as reader:
            self.send(event)
            for receipt in events_of(reader.records_for(seconds=seconds), UserErased):
                if receipt.erase_event_id == event.event_id:
                    receipts[receipt.service] = receipt
                if receipts.keys() >= set(ERASING_SERVICES):
                    break
        return receipts


def latest_profile(
    records: Iterable[Record], *, tenant: str, user_id: str
) -> ProfileUpdated | None:
    """The user's profile as the topic has it; None when there is none or it was erased."""
    key = record_key(tenant=tenant, user_id=user_id).encode()
    own: list[Record] = []
    for record in records:
        if record.key == key:
            # Versions begin anew behind a tombstone; what stood before it is nobody's.
            own = [*own, record] if record.value is not None else []
    return max(events_of(own, ProfileUpdated), key=lambda e: e.profile_version, default=None)
