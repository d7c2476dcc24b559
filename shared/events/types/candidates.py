"""A request of an app to rank a list of images for one user."""

from hashlib import sha256
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from shared.domain.requests.request_key import RequestKey
from shared.domain.taste import Value
from shared.events.types.base import UserEvent
from shared.events.types.catalog import FromCatalog
from shared.events.types.fields import Identifier, ImageUri, Metadata, Moment, Text

MAX_CANDIDATES = 300
"""A larger slate takes seconds of model time; send several requests instead."""

HASH_CHARACTERS: Final = 32
"""Hexadecimal digits of a request hash: 128 bits."""
ExplainOption = Literal["none", "top", "all"]


class Candidate(Value):
    """One image that may be shown; `image_id` names the same image everywhere in a tenant.

    `prompt`, `created_at` and `metadata` do not change the ranking: no service reads them. They are
    passed through to the lake with the event, for the app's own analysis.
    """

    image_id: Identifier
    uri: ImageUri
    prompt: Text | None = None
    """Text that the image was generated from. Passed through."""
    author_id: Identifier | None = None
    """Author of the image; reranking can cap the images of one author."""
    created_at: Moment | None = None
    """When the image was made, within the same limits as `occurred_at`. Passed through."""
    metadata: Metadata | None = None
    """The app's own key-value pairs. Passed through."""


class RejectedItem(Value):
    """One image that could not be ranked, and the reason in words."""

    image_id: Identifier
    reason: Text


Candidates = Annotated[tuple[Candidate, ...], Field(max_length=MAX_CANDIDATES)]
"""May be empty when all candidates are rejected."""
RejectedCandidates = Annotated[
    tuple[RejectedItem, ...],
    Field(max_length=MAX_CANDIDATES, exclude_if=lambda rejected: not rejected),
]
"""Candidates that break the contract. Whoever reads a request moves them here, so that the others
are ranked; the feed lists them with their reasons."""


def check_count(
    candidates: Candidates, rejected: RejectedCandidates, *, from_catalog: bool
) -> None:
    """Raise `ValueError` unless a request has 1 to 300 images, or the catalog's and up to 300."""
    count = len(candidates) + len(rejected)
    if not (0 if from_catalog else 1) <= count <= MAX_CANDIDATES:
        advice = "" if count else ", or from_catalog for images of the catalog"
        raise ValueError(f"{count} candidates; send 1 to {MAX_CANDIDATES}{advice}")


class ImageCandidates(UserEvent):
    """`image.candidates.v1`: rank these 1-300 images, or images of the catalog, for this user."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"candidates": {"minItems": 1}}},
                {"properties": {"rejected": {"minItems": 1}}, "required": ["rejected"]},
                {
                    "properties": {"from_catalog": {"type": "object"}},
                    "required": ["from_catalog"],
                },
            ]
        }
    )

    event_type: ClassVar[str] = "image.candidates.v1"

    request_id: Identifier
    """Your own id of the request; its feed has the same id. It belongs to the user and the tenant:
    requests of two users with one id are two requests. A retry with the same content gets no
    second feed. A request with other content under a used id does, and the feedback on both feeds
    is then left out of training: send a new id for each request."""
    candidates: Candidates
    """The images, at least one, or none with `from_catalog`. A candidate that breaks this schema is
    rejected alone, if it has a valid `image_id`: the feed lists it in `rejected`, and the others
    are ranked."""
    rejected: RejectedCandidates = ()
    """Images that are not ranked, with the reason; absent in most requests. A gateway moves
    candidates that break this schema here."""
    top_k: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)] | None = None
    """Number of ranked images to send back; all of them when absent."""
    explain: ExplainOption = "top"
    deadline_ms: Annotated[int, Field(ge=1, le=600_000)] | None = None
    """Answer within this many milliseconds of the Kafka timestamp; degraded if necessary."""
    exclude_ids: Annotated[tuple[Identifier, ...], Field(max_length=10_000)] = ()
    from_catalog: Annotated[FromCatalog | None, Field(exclude_if=lambda wanted: wanted is None)] = (
        None
    )
    """Find the images to rank in the catalog (`image.catalog.v1`), in place of `candidates` or in
    addition to them. An image that is listed and found is ranked once, as listed."""

    @model_validator(mode="after")
    def _has_images(self) -> Self:
        check_count(self.candidates, self.rejected, from_catalog=self.from_catalog is not None)
        return self

    @property
    def request_key(self) -> RequestKey:
        return RequestKey(self.tenant, self.user_id, self.request_id)

    def request_hash(self) -> str:
        """Hash of all fields except the event's id and time, so it is the same for a retry."""
        # Without defaults: a new optional field does not change the hash of requests without it.
        content = self.model_dump_json(exclude={"event_id", "occurred_at"}, exclude_defaults=True)
        return sha256(content.encode()).hexdigest()[:HASH_CHARACTERS]
