"""What a person did with an image, or said about it."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.events.types.base import Event
from shared.events.types.fields import Identifier, ImageUri

Action = Literal[
    "view", "click", "like", "dislike", "hide", "dwell", "reference_like", "reference_dislike"
]


class Feedback(Event):
    """`feedback.v1`: one action of one user on one image."""

    event_type: ClassVar[str] = "feedback.v1"

    type: Action
    image_id: Identifier
    uri: ImageUri | None = None
    """Where the image lies; may be left out for an image that a feed has ranked."""
    request_id: Identifier | None = None
    position: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Place in what was shown, from 1."""
    dwell_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None

    @model_validator(mode="after")
    def _dwell_says_how_long(self) -> Self:
        if self.type == "dwell" and self.dwell_ms is None:
            raise ValueError("type dwell needs dwell_ms, the milliseconds the image was looked at")
        return self
