"""The taste profile of a user after a change."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from shared.domain.corrections import Correction
from shared.domain.joint_tastes import MAX_TASTES, JointTaste
from shared.domain.subjects.words import Subjects
from shared.domain.taste import TasteSide, Value
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.subject_weight import SubjectWeight
from shared.events.types.base import UserEvent
from shared.events.types.fields import Identifier, ProfileVersion
from shared.events.types.taste_change import MAX_HISTORY, IgnoredReason, TasteChange


class Evidence(Value):
    """Number of liked and disliked references that the profile was predicted from."""

    liked: Annotated[int, Field(ge=0)]
    disliked: Annotated[int, Field(ge=0)]
    ignored: Annotated[
        Mapping[IgnoredReason, Annotated[int, Field(ge=1)]],
        Field(exclude_if=lambda counts: not counts),
    ] = {}
    """Feedback of this user so far that is no reference, by reason: `replaced` by other feedback on
    the same image, or `side_full`. Absent when there is none."""


class ProfileUpdated(UserEvent):
    """`profile.updated.v1` (compacted by user): the whole profile after a change."""

    event_type: ClassVar[str] = "profile.updated.v1"

    profile_version: ProfileVersion
    preference: TasteSide
    non_preference: TasteSide
    evidence: Evidence
    reference_ids: tuple[Identifier, ...] = ()
    model_version: Identifier
    corrections: Annotated[tuple[Correction, ...], Field(exclude_if=lambda items: not items)] = ()
    """The user's own corrections, already applied to both sides; absent when there are none."""
    subject_weight: Annotated[
        SubjectWeight | None, Field(exclude_if=lambda weight: weight is None)
    ] = None
    """What separates this user's liked from the disliked references, subject or look, and the share
    of the subject, which choices in feeds also move. Absent where subjects do not count, and with
    fewer than three references on a side."""
    ranking_weights: Annotated[
        RankingWeights | None, Field(exclude_if=lambda weights: weights is None)
    ] = None
    """What this user goes by: the shares of the five elements and of the subject in `score_total`
    of the feeds. Without evidence they are those of all users. Absent where subjects do not
    count."""
    subjects: Annotated[Subjects | None, Field(exclude_if=lambda subjects: subjects is None)] = None
    """What the liked and the disliked references show, in words where they are sure. Corrections of
    `subject` are applied. Absent while the references have no image vectors."""
    history: Annotated[
        tuple[TasteChange, ...],
        Field(max_length=MAX_HISTORY, exclude_if=lambda entries: not entries),
    ] = ()
    """Where feedback on feeds has overruled what the user stated, oldest first; the latest entry of
    an element and side is the current state. Absent when feedback has overruled nothing."""
    tastes: Annotated[
        tuple[JointTaste, ...],
        Field(max_length=MAX_TASTES, exclude_if=lambda tastes: not tastes),
    ] = ()
    """The tastes of a user with several, the largest first. An image is ranked by the taste that it
    fits best; `preference` and `non_preference` merge all of them. Corrections are applied. Absent
    for a user with one taste."""
