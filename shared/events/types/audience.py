"""The users whose taste a new image of the catalog meets."""

from typing import Annotated, ClassVar, Final

from pydantic import Field

from shared.domain.taste import Value
from shared.events.types.base import ImageEvent
from shared.events.types.fields import Identifier

MAX_AUDIENCE: Final = 1_000
"""Users that one event names: the best matches. Their ids take at most about 300 KB."""


class MatchedUser(Value):
    """One user whose taste the image meets."""

    user_id: Identifier
    score: Annotated[float, Field(ge=0, le=25)]
    """How well the image fits the stored taste, 0-25, as a feed scores it without the model (tier
    `embedding`)."""


class AudienceMatched(ImageEvent):
    """`audience.matched.v1`: the users who will probably like a new image. Off by default.

    The event is about an image: its record key holds the image id. Its id is derived from the image
    and its content, so apps can upsert by it.
    """

    event_type: ClassVar[str] = "audience.matched.v1"

    users: Annotated[tuple[MatchedUser, ...], Field(max_length=MAX_AUDIENCE)]
    """The best matches, the highest score first; empty when the image meets no user's taste."""
