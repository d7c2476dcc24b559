"""An app asks for a ranking: these images, for this user."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.domain.taste import Value
from shared.events.types.base import Event
from shared.events.types.fields import Identifier, ImageUri, Metadata, Moment, Text

MAX_CANDIDATES = 300
"""Larger slates cost seconds of model time each; send several requests instead."""

Explain = Literal["none", "top", "all"]


class Candidate(Value):
    """One image that may be shown; `image_id` names the same image throughout a tenant."""

    image_id: Identifier
    uri: ImageUri
    prompt: Text | None = None
    author_id: Identifier | None = None
    created_at: Moment | None = None
    metadata: Metadata | None = None


class ImageCandidates(Event):
    """`image.candidates.v1`: rank these 1-300 images for this user."""

    event_type: ClassVar[str] = "image.candidates.v1"

    request_id: Identifier
    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1, max_length=MAX_CANDIDATES)]
    top_k: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)] | None = None
    """How many ranked images to send back; all of them when absent."""
    explain: Explain = "top"
    deadline_ms: Annotated[int, Field(ge=1, le=600_000)] | None = None
    """Answer within this many milliseconds of the record's Kafka timestamp, degraded if need be."""
    exclude_ids: Annotated[tuple[Identifier, ...], Field(max_length=10_000)] = ()
