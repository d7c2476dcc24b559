"""Request and response bodies of the gateway: the contract's events without their envelope."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.domain.corrections import CorrectedWord, Correction, SideName, Word
from shared.domain.joint_tastes import JointTaste
from shared.domain.subjects.element import ProfileElement
from shared.domain.subjects.words import Subjects
from shared.domain.taste import MAX_WORDS, TasteSide, Value
from shared.events import Evidence
from shared.events.types.candidates import (
    MAX_CANDIDATES,
    Candidates,
    ExplainOption,
    RejectedCandidates,
    check_count,
)
from shared.events.types.catalog import FromCatalog
from shared.events.types.correction import CorrectionAction
from shared.events.types.feedback import Action
from shared.events.types.fields import Identifier, ImageUri, Moment
from shared.store.protocol import StoredProfile

MAX_ACTIONS = 500
"""The views and clicks of one screen. Send several requests for more."""


class CandidatesBody(Value):
    """Rank these 1-300 images, or images of the catalog, for this user."""

    user_id: Identifier
    tenant: Identifier | None = None
    """Default: the tenant of the token, else `default`."""
    request_id: Identifier | None = None
    """Id of the request and its feed. Default: a new id."""
    candidates: Candidates
    """The images, at least one, or none with `from_catalog`. A candidate that breaks this schema is
    rejected alone, if it has a valid `image_id`: the feed lists it in `rejected`, and the others
    are ranked."""
    rejected: RejectedCandidates = ()
    """Images to list as rejected, with the reason. Candidates that break this schema move here."""
    top_k: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)] | None = None
    """Number of ranked images in the feed. Default: all of them."""
    explain: ExplainOption = "top"
    deadline_ms: Annotated[int, Field(ge=1, le=600_000)] | None = None
    """Answer within this many milliseconds, with a degraded feed if necessary."""
    exclude_ids: Annotated[tuple[Identifier, ...], Field(max_length=10_000)] = ()
    from_catalog: Annotated[FromCatalog | None, Field(exclude_if=lambda wanted: wanted is None)] = (
        None
    )
    """Find the images to rank in the catalog, in place of `candidates` or in addition to them."""

    @model_validator(mode="after")
    def _has_images(self) -> Self:
        check_count(self.candidates, self.rejected, from_catalog=self.from_catalog is not None)
        return self


class ActionBody(Value):
    """One action of a user on one image."""

    type: Action
    image_id: Identifier
    uri: ImageUri | None = None
    """Address of the image. Optional for an image that a feed has ranked."""
    request_id: Identifier | None = None
    position: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Position in the displayed feed, from 1."""
    dwell_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None
    """Viewing time in milliseconds. Required for the type `dwell`."""
    occurred_at: Moment | None = None
    """Time of the action. Default: now."""


class FeedbackBody(Value):
    """Actions of one user, in the order in which they happened."""

    user_id: Identifier
    tenant: Identifier | None = None
    """Default: the tenant of the token, else `default`."""
    actions: Annotated[tuple[ActionBody, ...], Field(min_length=1, max_length=MAX_ACTIONS)]


class CorrectionBody(Value):
    """A correction of a profile by its user. It takes precedence over every prediction."""

    tenant: Identifier | None = None
    """Default: the tenant of the token, else `default`."""
    action: CorrectionAction
    """`pin`: keep this word. `veto`: exclude this word. `edit`: use exactly these words. `reset`:
    use the words of the model again."""
    element: ProfileElement | None = None
    """One of the five elements of the look, or `subject`: what images show. Omit it to `reset` all
    elements."""
    side: SideName | None = None
    """Default: `preference` for `pin` and `edit`, both sides for `veto` and `reset`."""
    word: Word | None = None
    """The word of a `pin` or a `veto`."""
    words: Annotated[tuple[CorrectedWord, ...], Field(max_length=MAX_WORDS)] | None = None
    """The words of an `edit`. An empty list means that nothing is known about the element."""


class CorrectionAccepted(Value):
    """Kafka has acknowledged the correction. The profile will change."""

    event_id: UUID


class Accepted(Value):
    """The request was sent. Its feed will be at the address `feed`."""

    request_id: Identifier
    tenant: Identifier
    user_id: Identifier
    status: str = "pending"
    feed: str
    """Address of the feed, on this host."""


class FeedbackAccepted(Value):
    """Kafka has acknowledged every action."""

    event_ids: tuple[UUID, ...]


class Profile(Value):
    """The current taste of a user, in weighted words."""

    user_id: Identifier
    tenant: Identifier
    profile_version: Annotated[int, Field(ge=1)]
    preference: TasteSide
    non_preference: TasteSide
    evidence: Evidence
    reference_ids: tuple[Identifier, ...]
    corrections: tuple[Correction, ...]
    """Corrections by the user. The words above already include them."""
    subjects: Annotated[Subjects | None, Field(exclude_if=lambda subjects: subjects is None)] = None
    """What liked and disliked pictures show, in words where they are sure. Absent while the
    references have no image vectors."""
    tastes: Annotated[tuple[JointTaste, ...], Field(exclude_if=lambda tastes: not tastes)] = ()
    """The tastes of a user with several: an image is ranked by the taste that it fits best. Absent
    for a user with one taste."""
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
            corrections=stored.corrections.entries if stored.corrections else (),
            subjects=stored.subjects,
            tastes=stored.tastes,
            model_version=stored.model_version,
            updated_at=stored.updated_at,
        )
