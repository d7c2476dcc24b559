"""Every topic of the system: its event type, its retention, its retry and dead-letter topics."""

from dataclasses import dataclass
from typing import Final

from shared.events.types.audience import AudienceMatched
from shared.events.types.base import Event
from shared.events.types.candidates import ImageCandidates
from shared.events.types.catalog import CatalogImage
from shared.events.types.correction import ProfileCorrected
from shared.events.types.dead_letter import DeadLetterResolved
from shared.events.types.erase import UserErase, UserErased
from shared.events.types.feed import RankedFeed
from shared.events.types.feedback import Feedback
from shared.events.types.model import ModelPromoted
from shared.events.types.operator import OperatorAction
from shared.events.types.profile import ProfileUpdated

DAY_MS: Final = 86_400_000
COMPACTED_WITHIN_MS: Final = DAY_MS
"""The longest time that an old value stays in a compacted topic after its successor or tombstone.
Kafka compacts on new writes by default; an erased user's data must not wait for the next write."""
MAX_RECORD_BYTES: Final = 4 * 1024 * 1024
"""The broker's limit for one record. It leaves room for a slate of small `data:` images."""
HEADER_ROOM_BYTES: Final = 64 * 1024
"""Dead letters and retries have added headers, so they may exceed the largest record by this."""


@dataclass(frozen=True)
class Topic:
    """A topic and its retention; `retention_ms` is None for a compacted topic."""

    name: str
    event: type[Event] | None
    """None for dead letters: they keep the original bytes."""
    retention_ms: int | None
    compacted: bool = False
    tombstones_kept_ms: int | None = None
    """How long a tombstone stays in a compacted topic; None for Kafka's default of a day. A service
    that was down for longer would never learn of the removal."""
    purpose: str = ""
    is_retry: bool = False
    """Whether its records are copies of records whose processing is tried again later."""

    @property
    def dead_letters(self) -> str:
        return f"{self.name}.dlq"

    @property
    def max_message_bytes(self) -> int:
        """The limit of one record in this topic (Kafka's `max.message.bytes`)."""
        has_added_headers = self.is_retry or self.event is None
        return MAX_RECORD_BYTES + (HEADER_ROOM_BYTES if has_added_headers else 0)


CATALOG: Final = Topic(
    CatalogImage.event_type,
    CatalogImage,
    None,
    compacted=True,
    tombstones_kept_ms=30 * DAY_MS,
    purpose="images of the catalog, from which feeds are made without a list",
)
CANDIDATES: Final = Topic(
    ImageCandidates.event_type, ImageCandidates, 3 * DAY_MS, purpose="images to rank for a user"
)
FEEDS: Final = Topic(
    RankedFeed.event_type,
    RankedFeed,
    30 * DAY_MS,
    purpose="ranked feeds with scores and rationales",
)
FEEDBACK: Final = Topic(
    Feedback.event_type, Feedback, 30 * DAY_MS, purpose="views, clicks, likes and other feedback"
)
PROFILES: Final = Topic(
    ProfileUpdated.event_type, ProfileUpdated, None, compacted=True, purpose="taste profiles"
)
CORRECTIONS: Final = Topic(
    ProfileCorrected.event_type,
    ProfileCorrected,
    30 * DAY_MS,
    purpose="corrections that users make to their own taste profiles",
)
MODELS: Final = Topic(
    ModelPromoted.event_type, ModelPromoted, None, compacted=True, purpose="the model to serve"
)
AUDIENCES: Final = Topic(
    AudienceMatched.event_type,
    AudienceMatched,
    3 * DAY_MS,
    purpose="the users whose taste a new image meets",
)
"""Short, because an event names many users: an erased user's id is gone after three days."""
ERASE: Final = Topic(UserErase.event_type, UserErase, 30 * DAY_MS, purpose="users to erase")
ERASED: Final = Topic(
    UserErased.event_type, UserErased, 30 * DAY_MS, purpose="receipts of what was erased"
)
AUDIT: Final = Topic(
    OperatorAction.event_type, OperatorAction, 400 * DAY_MS, purpose="the audit log of operators"
)
RESOLVED: Final = Topic(
    DeadLetterResolved.event_type,
    DeadLetterResolved,
    45 * DAY_MS,
    purpose="which dead letters were replayed or dropped",
)
"""Kept longer than any dead letter (30 days and a segment of a week): no resolved dead letter
becomes open again."""

TOPICS: Final = (
    CATALOG,
    CANDIDATES,
    FEEDS,
    AUDIENCES,
    FEEDBACK,
    CORRECTIONS,
    PROFILES,
    MODELS,
    ERASE,
    ERASED,
    RESOLVED,
    AUDIT,
)
CONSUMED: Final = (CATALOG, CANDIDATES, FEEDBACK, CORRECTIONS, MODELS, ERASE, FEEDS, PROFILES)
"""Topics that a service reads. Each has a dead-letter topic."""
DEAD_LETTERS: Final = tuple(
    Topic(topic.dead_letters, None, 30 * DAY_MS, purpose=f"dead letters of {topic.name}")
    for topic in CONSUMED
)


FEEDBACK_RETRY: Final = Topic(
    f"{FEEDBACK.name}.retry",
    Feedback,
    30 * DAY_MS,
    purpose=f"events of {FEEDBACK.name} whose image host was away; they are tried again",
    is_retry=True,
)
"""Internal to the profile service: no other program reads or writes it. Kept as long as the
original records, so that nothing is lost while the service is down."""
RETRIES: Final = (FEEDBACK_RETRY,)
ALL_TOPICS: Final = (*TOPICS, *RETRIES, *DEAD_LETTERS)
"""Every topic that is created, checked and monitored."""


def topic_named(name: str) -> Topic:
    """The topic of that name; raises KeyError when the system has no such topic."""
    return {topic.name: topic for topic in ALL_TOPICS}[name]
