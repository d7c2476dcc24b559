"""An image that an app publishes to its catalog, and what a request wants of the catalog."""

from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from shared.domain.images.catalog_entry import (
    MAX_TAGS,
    CatalogEntry,
    CatalogMetadata,
    Tag,
)
from shared.domain.images.catalog_filter import EVERY_IMAGE, CatalogFilter
from shared.domain.taste import Value
from shared.domain.times.planned_moment import PlannedMoment
from shared.events.types.base import ImageEvent
from shared.events.types.fields import Identifier, ImageUri, Moment

MAX_CATALOG_URI_CHARACTERS: Final = 8_192
"""The topic and the index keep every address for ever, so a large `data:` image is refused."""
MAX_SHORTLIST: Final = 300
"""Images of the catalog that one request can rank, like the candidates of one request."""
DEFAULT_SHORTLIST: Final = 100
MAX_CURSOR_CHARACTERS: Final = 1_024


def _short(uri: str) -> str:
    if len(uri) > MAX_CATALOG_URI_CHARACTERS:
        raise ValueError(
            f"the address has {len(uri)} characters, at most {MAX_CATALOG_URI_CHARACTERS}; send an"
            " address from which the image can be loaded again, in place of a data: image"
        )
    return uri


def _each_once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))


CatalogUri = Annotated[
    ImageUri,
    AfterValidator(_short),
    Field(json_schema_extra={"maxLength": MAX_CATALOG_URI_CHARACTERS}),
]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CURSOR_CHARACTERS)]
"""The place in a feed at which the next page starts; apps send it back unchanged."""


class CatalogImage(ImageEvent):
    """`image.catalog.v1` (compacted by image): the catalog has this image from now on.

    The event is about an image and has no `user_id`. A later event with the same `image_id`
    replaces all fields of the image, and a record without a value removes it.
    """

    event_type: ClassVar[str] = "image.catalog.v1"

    uri: CatalogUri
    """Address of the image: https, s3, or a file under an allowed root. It is loaded when the image
    is published, and again when a model changes. At most 8,192 characters, so that only a small
    image fits into a `data:` address. Other content needs another `image_id` or another address."""
    author_id: Annotated[Identifier | None, Field(exclude_if=lambda value: value is None)] = None
    """Author of the image, for filters and for the cap on images of one author."""
    created_at: Annotated[Moment | None, Field(exclude_if=lambda value: value is None)] = None
    """When the image was made, within the same limits as `occurred_at`; for filters and for the
    share of new images."""
    tags: Annotated[
        tuple[Tag, ...],
        Field(max_length=MAX_TAGS),
        AfterValidator(_each_once),
        Field(exclude_if=lambda tags: not tags),
    ] = ()
    """Words of the app for filters; upper and lower case are different tags."""
    metadata: Annotated[CatalogMetadata, Field(exclude_if=lambda pairs: not pairs)] = Field(
        default_factory=dict
    )
    """The app's own key-value pairs, for filters: texts of at most 1,000 characters, numbers,
    truth values and null. An integer above 2^53 - 1 is read as a floating-point number."""
    available_from: Annotated[
        PlannedMoment | None, Field(exclude_if=lambda value: value is None)
    ] = None
    """The image is in no feed before this time. RFC 3339 with a zone; it may be in the future."""
    available_until: Annotated[
        PlannedMoment | None, Field(exclude_if=lambda value: value is None)
    ] = None
    """The image is in no feed from this time on. RFC 3339 with a zone; it may be in the future."""

    @model_validator(mode="after")
    def _can_be_available(self) -> Self:
        begins, ends = self.available_from, self.available_until
        if begins is not None and ends is not None and begins >= ends:
            raise ValueError("available_until is not after available_from; correct one of them")
        return self

    @property
    def entry(self) -> CatalogEntry:
        """The image without the envelope of its event."""
        return CatalogEntry(
            tenant=self.tenant,
            image_id=self.image_id,
            uri=self.uri,
            author_id=self.author_id,
            created_at=self.created_at,
            tags=self.tags,
            metadata=self.metadata,
            available_from=self.available_from,
            available_until=self.available_until,
        )


class FromCatalog(Value):
    """What a request wants of the catalog: the images that are ranked for the user."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"cursor": {"type": "string"}}, "required": ["cursor"]},
            "then": {
                "properties": {"filter": {"maxProperties": 0}, "similar_to": {"type": "null"}}
            },
        }
    )

    limit: Annotated[int, Field(ge=1, le=MAX_SHORTLIST)] = DEFAULT_SHORTLIST
    """Number of images that are found in the catalog and ranked. With listed candidates, the whole
    request has at most 300 images: the listed ones come first. `top_k` is the size of the feed."""
    filter: Annotated[
        CatalogFilter, Field(exclude_if=lambda conditions: conditions == EVERY_IMAGE)
    ] = EVERY_IMAGE
    """Conditions that all images must meet; every available image without it."""
    similar_to: Annotated[Identifier | None, Field(exclude_if=lambda value: value is None)] = None
    """An image of the catalog: images that resemble it are ranked, and it is left out itself."""
    cursor: Annotated[Cursor | None, Field(exclude_if=lambda value: value is None)] = None
    """`next_cursor` of an earlier feed of this user, for the next page of the same feed. The filter
    and `similar_to` are those of the first page."""

    @model_validator(mode="after")
    def _continues_or_starts(self) -> Self:
        if self.cursor is not None and (self.filter != EVERY_IMAGE or self.similar_to is not None):
            raise ValueError(
                "cursor continues an earlier feed with its own conditions; leave out filter and"
                " similar_to"
            )
        return self
