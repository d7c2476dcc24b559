"""One action of a user on an image: a view, a click, a like, a reference."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.domain.requests.request_key import RequestKey
from shared.events.types.base import UserEvent
from shared.events.types.fields import Identifier, ImageUri

Action = Literal[
    "view", "click", "like", "dislike", "hide", "dwell", "reference_like", "reference_dislike"
]


class Feedback(UserEvent):
    """`feedback.v1`: one action of one user on one image."""

    event_type: ClassVar[str] = "feedback.v1"

    type: Action
    image_id: Identifier
    uri: ImageUri | None = None
    """Address of the image. It may be left out for an image that a feed has ranked."""
    request_id: Identifier | None = None
    """Id of the request whose feed showed the image. It names a request of the same user and
    tenant: feedback that names another user's request is not attributed to that feed."""
    position: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Rank at which the app showed the image, from 1. No service reads it: it is passed through to
    the lake, for the app's own analysis. The feed of `request_id` holds the served rank."""
    dwell_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None

    @property
    def request_key(self) -> RequestKey | None:
        if self.request_id is None:
            return None
        return RequestKey(self.tenant, self.user_id, self.request_id)

    @model_validator(mode="after")
    def _dwell_has_a_duration(self) -> Self:
        if self.type == "dwell" and self.dwell_ms is None:
            raise ValueError("type dwell needs dwell_ms, the milliseconds of looking at the image")
        return self
