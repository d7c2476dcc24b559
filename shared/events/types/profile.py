"""A user's taste profile has changed."""

from typing import Annotated, ClassVar

from pydantic import Field

from shared.domain.corrections import Correction
from shared.domain.taste import TasteSide, Value
from shared.events.types.base import Event
from shared.events.types.fields import Identifier


class Evidence(Value):
    """How many references of each kind a profile was predicted from."""

    liked: Annotated[int, Field(ge=0)]
    disliked: Annotated[int, Field(ge=0)]


class ProfileUpdated(Event):
    """`profile.updated.v1` (compacted by user): the whole profile as it now stands."""

    event_type: ClassVar[str] = "profile.updated.v1"

    profile_version: Annotated[int, Field(ge=1)]
    preference: TasteSide
    non_preference: TasteSide
    evidence: Evidence
    reference_ids: tuple[Identifier, ...] = ()
    model_version: Identifier
    corrections: Annotated[tuple[Correction, ...], Field(exclude_if=lambda said: not said)] = ()
    """What the person said themselves, which both sides above obey; left out without any."""
