"""What apps send to the gateway and get back: the contract's events without their envelope."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shared.domain.corrections import CorrectedWord, Correction, SideName, Word
from shared.domain.taste import MAX_WORDS, Element, TasteSide, Value
from shared.events import Candidate, Evidence
from shared.events.types.candidates import MAX_CANDIDATES, Explain
from shared.events.types.correction import CorrectionAction
from shared.events.types.feedback import Action
from shared.events.types.fields import Identifier, ImageUri, Moment
from shared.store.protocol import StoredProfile

MOST_ACTIONS = 500
"""A screen of views and what was clicked on it; send several requests for more."""


class CandidatesBody(Value):
    """Rank these 1-300 images for this user."""

    user_id: Identifier
    tenant: Identifier | None = None
    """Left out: the token's own, else `default`."""
    request_id: Identifier | None = None
    """Names the request and its feed; a new one is made when it is left out."""
    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1, max_length=MAX_CANDIDATES)]
    top_k: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)] | None = None
    """How many ranked images to send back; all of them when left out."""
    explain: Explain = "top"
    deadline_ms: Annotated[int, Field(ge=1, le=600_000)] | None = None
    """Answer within this many milliseconds, degraded if need be."""
    exclude_ids: Annotated[tuple[Identifier, ...], Field(max_length=10_000)] = ()


class ActionBody(Value):
    """One action of a person on one image."""

    type: Action
    image_id: Identifier
    uri: ImageUri | None = None
    """Where the image lies; may be left out for an image that a feed has ranked."""
    request_id: Identifier | None = None
    position: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Place in what was shown, from 1."""
    dwell_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None
    """Milliseconds that the image was looked at; type `dwell` needs it."""
    occurred_at: Moment | None = None
    """When it happened; now, when left out."""


class FeedbackBody(Value):
    """What one person did, in the order in which it happened."""

    user_id: Identifier
    tenant: Identifier | None = None
    """Left out: the token's own, else `default`."""
    actions: Annotated[tuple[ActionBody, ...], Field(min_length=1, max_length=MOST_ACTIONS)]


class CorrectionBody(Value):
    """What a person says of their own taste; it outranks every prediction."""

    tenant: Identifier | None = None
    """Left out: the token's own, else `default`."""
    action: CorrectionAction
    """`pin`: this word holds. `veto`: this word does not. `edit`: exactly these words. `reset`:
    the model's own again."""
    element: Element | None = None
    """Left out by a `reset` of everything."""
    side: SideName | None = None
    """Left out: `preference` for `pin` and `edit`, both sides for `veto` and `reset`."""
    word: Word | None = None
    """Of a `pin` or a `veto`."""
    words: Annotated[tuple[CorrectedWord, ...], Field(max_length=MAX_WORDS)] | None = None
    """Of an `edit`; an empty list says that nothing is known of the element."""


class CorrectionTaken(Value):
    """Kafka has acknowledged the correction; the profile follows."""

    event_id: UUID


class Accepted(Value):
    """The request has been sent; its feed will lie at `feed`."""

    request_id: Identifier
    tenant: Identifier
    status: str = "pending"
    feed: str
    """Address of the feed, on this host."""


class FeedbackTaken(Value):
    """Kafka has acknowledged every action."""

    event_ids: tuple[UUID, ...]


class Profile(Value):
    """A user's taste as it now stands, in weighted words."""

    user_id: Identifier
    tenant: Identifier
    profile_version: Annotated[int, Field(ge=1)]
    preference: TasteSide
    non_preference: TasteSide
    evidence: Evidence
    reference_ids: tuple[Identifier, ...]
    corrections: tuple[Correction, ...]
    """What the person has said; it is in the words above already."""
    model_version: Identifier
    updated_at: datetime

    @classmethod
    def of(cls, stored: StoredProfile) -> Self:
        sides = [reference.side for reference in stored.references]
        return cls(
            user_id=stored.user_id,
            tenant=stored.tenant,
            profile_version=stored.profile_version,
            preference=stored.taste.preference,
            non_preference=stored.taste.non_preference,
            evidence=Evidence(liked=sides.count("liked"), disliked=sides.count("disliked")),
            reference_ids=tuple(reference.image_id for reference in stored.references),
            corrections=stored.corrections.said if stored.corrections else (),
            model_version=stored.model_version,
            updated_at=stored.updated_at,
        )
