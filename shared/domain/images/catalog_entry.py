"""One image of the catalog, as the app has published it."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, StringConstraints

from shared.domain.images.image_key import ImageKey
from shared.domain.requests.identifier import Identifier
from shared.domain.taste import Value

MAX_TAGS: Final = 50
MAX_METADATA: Final = 64
"""Key-value pairs of one image, as in a candidate."""
MAX_SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that JSON numbers of every language and a 64-bit float hold exactly."""

MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
MetadataText = Annotated[str, StringConstraints(max_length=1_000)]
MetadataInteger = Annotated[int, Field(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)]
MetadataNumber = MetadataInteger | Annotated[float, Field(allow_inf_nan=False)]
MetadataScalar = MetadataText | bool | MetadataNumber
"""A text, a number or a truth value, which a filter can compare."""
CatalogMetadata = Annotated[
    Mapping[MetadataKey, MetadataScalar | None], Field(max_length=MAX_METADATA)
]
"""Up to 64 flat key-value pairs of the app; nested values are refused."""
Tag = Identifier
"""A word of the app for a group of images: upper and lower case are different tags."""


class CatalogEntry(Value):
    """What the app has published about one image; nothing here depends on a model."""

    tenant: str
    image_id: str
    uri: str
    author_id: str | None = None
    created_at: AwareDatetime | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, MetadataScalar | None] = {}
    available_from: AwareDatetime | None = None
    available_until: AwareDatetime | None = None

    @property
    def key(self) -> ImageKey:
        return ImageKey(self.tenant, self.image_id)
