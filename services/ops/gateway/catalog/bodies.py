"""Request and response bodies of the catalog's endpoints."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.domain.images.catalog_entry import MAX_TAGS, CatalogMetadata, MetadataScalar, Tag
from shared.domain.images.catalog_filter import EVERY_IMAGE, CatalogFilter
from shared.domain.taste import Element, Value
from shared.domain.times.planned_moment import PlannedMoment
from shared.events import MatchedUser
from shared.events.types.candidates import MAX_CANDIDATES, ExplainOption
from shared.events.types.catalog import (
    DEFAULT_SHORTLIST,
    MAX_SHORTLIST,
    CatalogUri,
    Cursor,
    FromCatalog,
)
from shared.events.types.fields import Identifier, Moment
from shared.store.catalog.images import IndexFailure, Status, StoredImage
from shared.store.catalog.queries import CatalogHit


class ImageBody(Value):
    """One image for the catalog. It replaces an image that has the same id."""

    image_id: Identifier
    uri: CatalogUri
    """Address of the image: https, s3, or a file under an allowed root; at most 8,192
    characters."""
    tenant: Identifier | None = None
    """Default: the tenant of the request, else of the token, else `default`."""
    author_id: Identifier | None = None
    created_at: Moment | None = None
    """When the image was made."""
    tags: Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS)] = ()
    """Words of the app for filters; upper and lower case are different tags."""
    metadata: CatalogMetadata = Field(default_factory=dict)
    """The app's own key-value pairs, for filters."""
    available_from: PlannedMoment | None = None
    """The image is in no feed before this time."""
    available_until: PlannedMoment | None = None
    """The image is in no feed from this time on."""


class RefusedImage(Value):
    """An image of the request that was not published, with every error."""

    position: int
    """Position in the request, from 0."""
    line: Annotated[int | None, Field(exclude_if=lambda line: line is None)] = None
    """Line of the body, from 1, where the body is NDJSON."""
    image_id: str | None = None
    """Its id, if it has a readable one."""
    errors: tuple[dict[str, str], ...]
    """Each error with its place in the request (a JSON pointer) and its description."""


class ImagesAccepted(Value):
    """Kafka has acknowledged these images. They are indexed in the background."""

    image_ids: tuple[Identifier, ...]
    """The accepted images, in the order of the request."""
    event_ids: tuple[UUID, ...]
    refused: tuple[RefusedImage, ...] = ()
    """The images that are not valid. The others are accepted."""


class RemovalAccepted(Value):
    """Kafka has acknowledged the removal. The images are in no feed within seconds."""

    image_ids: tuple[Identifier, ...]


class CatalogItem(Value):
    """One image of the catalog: what the app has published, and what indexing has added."""

    image_id: Identifier
    tenant: Identifier
    uri: str
    author_id: Identifier | None = None
    created_at: datetime | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, MetadataScalar | None] = Field(default_factory=dict)
    available_from: datetime | None = None
    available_until: datetime | None = None
    published_at: datetime
    status: Status
    """`waiting` until the content of its address is indexed; `failed` while it cannot be."""
    words: Mapping[Element, tuple[str, ...]] = Field(default_factory=dict)
    """The words with which the model describes the image; an element without words is unknown."""
    subject_words: tuple[str, ...] = ()
    """What the image shows."""
    model_version: Identifier | None = None
    """The model that described it; null before."""
    indexed_at: datetime | None = None
    failure: IndexFailure | None = None
    """Why it cannot be indexed, until it is published again."""

    @classmethod
    def of(cls, image: StoredImage) -> Self:
        index = image.index
        return cls(
            **image.entry.model_dump(),
            published_at=image.published_at,
            status=image.status,
            words=index.words if index else {},
            subject_words=index.subject_words if index else (),
            model_version=index.model_version if index else None,
            indexed_at=index.indexed_at if index else None,
            failure=image.failure,
        )


class CatalogItems(Value):
    """Images of the catalog, and where the next page starts."""

    images: tuple[CatalogItem, ...]
    next: str | None = None
    """Send it as `after` for the next page; null on the last page."""


class SimilarItem(Value):
    """One similar image."""

    image: CatalogItem
    score: float
    """Cosine of the two image vectors, -1 to 1."""

    @classmethod
    def of(cls, hit: CatalogHit) -> Self:
        return cls(image=CatalogItem.of(hit.image), score=round(hit.score, 4))


class SimilarItems(Value):
    """The images that resemble one image, the most similar first."""

    image_id: Identifier
    images: tuple[SimilarItem, ...]


class Audience(Value):
    """The users whose taste an image meets, the highest score first."""

    image_id: Identifier
    users: tuple[MatchedUser, ...]
    """Empty when the image meets the taste of no user."""


class FeedBody(Value):
    """A feed of catalog images for one user. An unknown field is an error."""

    # Without a filter whose name is misspelled, a feed would show images that it must not show.
    model_config = ConfigDict(extra="forbid")

    tenant: Identifier | None = None
    """Default: the tenant of the token, else `default`."""
    request_id: Identifier | None = None
    """Id of the request and its feed. Default: a new id."""
    limit: Annotated[int | None, Field(ge=1, le=MAX_SHORTLIST)] = None
    """Number of images that are found in the catalog and ranked. Default: 100; with `similar_to`,
    `top_k`, so that the feed has the most similar images."""
    filter: CatalogFilter = EVERY_IMAGE
    """Conditions that all images must meet."""
    similar_to: Identifier | None = None
    """An image of the catalog: the `limit` images that resemble it most are ranked by the taste.
    Send `limit` again with each `cursor` of such a feed."""
    cursor: Cursor | None = None
    """`next_cursor` of an earlier feed of this user, for the next page of the same feed."""
    from_catalog: FromCatalog | None = None
    """The four fields above as one object, as in `POST /v1/candidates`; send one of both forms."""
    top_k: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)] | None = None
    """Number of ranked images in the feed. Default: all of them."""
    explain: ExplainOption = "top"
    deadline_ms: Annotated[int, Field(ge=1, le=600_000)] | None = None
    """Answer within this many milliseconds, with a degraded feed if necessary."""
    exclude_ids: Annotated[tuple[Identifier, ...], Field(max_length=10_000)] = ()

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        twice = self.model_fields_set & {"limit", "filter", "similar_to", "cursor"}
        if self.from_catalog is not None and twice:
            raise ValueError(
                f"from_catalog and {', '.join(sorted(twice))} are both set; send one of both forms"
            )
        self._wanted()
        return self

    @property
    def wanted(self) -> FromCatalog:
        """What the request wants of the catalog."""
        return self._wanted()

    @property
    def _default_limit(self) -> int:
        # Of more images than are shown, the ranking by taste would choose less similar ones.
        return (self.similar_to and self.top_k) or DEFAULT_SHORTLIST

    def _wanted(self) -> FromCatalog:
        return self.from_catalog or FromCatalog(
            limit=self.limit or self._default_limit,
            filter=self.filter,
            similar_to=self.similar_to,
            cursor=self.cursor,
        )
