"""Every topic we own: what it carries, how it is kept, and where its dead letters go."""

from dataclasses import dataclass
from typing import Final

from shared.events.types.base import Event
from shared.events.types.candidates import ImageCandidates
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
"""The longest that a value outlives its successor or its tombstone in a compacted topic: of an
erased person nothing must lie about for as long as nobody writes."""
MAX_RECORD_BYTES: Final = 4 * 1024 * 1024
"""The broker's limit for one record: room for a slate of small `data:` images."""


@dataclass(frozen=True)
class Topic:
    """A topic and how it is kept. `retention_ms` None: kept for ever (compacted)."""

    name: str
    event: type[Event] | None
    """None for dead letters, which keep the bytes they came with."""
    retention_ms: int | None
    compacted: bool = False
    purpose: str = ""

    @property
    def dead_letters(self) -> str:
        return f"{self.name}.dlq"


CANDIDATES: Final = Topic(
    ImageCandidates.event_type, ImageCandidates, 3 * DAY_MS, purpose="images to rank for a user"
)
FEEDS: Final = Topic(
    RankedFeed.event_type, RankedFeed, 30 * DAY_MS, purpose="ranked feeds with scores and reasons"
)
FEEDBACK: Final = Topic(
    Feedback.event_type, Feedback, 30 * DAY_MS, purpose="what people did with the images"
)
PROFILES: Final = Topic(
    ProfileUpdated.event_type, ProfileUpdated, None, compacted=True, purpose="taste profiles"
)
CORRECTIONS: Final = Topic(
    ProfileCorrected.event_type,
    ProfileCorrected,
    30 * DAY_MS,
    purpose="what people say of their own taste profiles",
)
MODELS: Final = Topic(
    ModelPromoted.event_type, ModelPromoted, None, compacted=True, purpose="the model to serve"
)
ERASE: Final = Topic(UserErase.event_type, UserErase, 30 * DAY_MS, purpose="users to forget")
ERASED: Final = Topic(
    UserErased.event_type, UserErased, 30 * DAY_MS, purpose="receipts of what was forgotten"
)
AUDIT: Final = Topic(
    OperatorAction.event_type, OperatorAction, 400 * DAY_MS, purpose="what operators did"
)
RESOLVED: Final = Topic(
    DeadLetterResolved.event_type,
    DeadLetterResolved,
    45 * DAY_MS,
    purpose="what was done about dead letters",
)
"""Kept longer than any dead letter, its segment of a week included: none opens again by itself."""

TOPICS: Final = (
    CANDIDATES,
    FEEDS,
    FEEDBACK,
    CORRECTIONS,
    PROFILES,
    MODELS,
    ERASE,
    ERASED,
    RESOLVED,
    AUDIT,
)
CONSUMED: Final = (CANDIDATES, FEEDBACK, CORRECTIONS, MODELS, ERASE, FEEDS, PROFILES)
"""Topics that a service of ours reads, and that therefore have a dead-letter topic."""
DEAD_LETTERS: Final = tuple(
    Topic(topic.dead_letters, None, 30 * DAY_MS, purpose=f"set aside from {topic.name}")
    for topic in CONSUMED
)


def topic_named(name: str) -> Topic:
    """The topic of that name; KeyError when it is not ours."""
    return {topic.name: topic for topic in (*TOPICS, *DEAD_LETTERS)}[name]
