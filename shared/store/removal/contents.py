"""Remove what is stored about a content that no image has any more: descriptions and vectors."""

from collections.abc import Collection
from typing import Any, Final, Protocol

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import FieldCondition, Filter, FilterSelector, MatchAny

from shared.store.catalog.spaces import PREFIX as CATALOG
from shared.store.image_vectors import PREFIX as IMAGE_VECTORS
from shared.store.images import CONTENT, DESCRIPTIONS, IDS
from shared.store.profiles import PROFILES, REFERENCED
from shared.store.qdrant import qdrant_errors

OWNERS: Final = (
    (IDS, CONTENT, CONTENT),
    (CATALOG, "index.content_hash", "index"),
    (PROFILES, REFERENCED, "references"),
)
"""Prefix of the collections whose points own a content, the payload field that names it, and the
part of the payload to read. A user's reference owns its content: a shop that removes an image does
not take away what its users like."""
BY_CONTENT: Final = (DESCRIPTIONS, IMAGE_VECTORS)
"""Prefixes of the collections with one point, or one a model version, for a content."""
PAGE: Final = 1_000


class ContentStore(Protocol):
    """What is stored by content, for all tenants. Raises `Unavailable`."""

    async def remove_unused(self, content_hashes: Collection[str]) -> int:
        """Remove what is stored about those contents that no image and no reference has.

        Returns the number of these contents.
        """
        ...


class QdrantContents:
    """A `ContentStore` on all collections of images, catalogs and profiles, also old ones."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def remove_unused(self, content_hashes: Collection[str]) -> int:
        unused = set(content_hashes)
        with qdrant_errors():
            names = [c.name for c in (await self._client.get_collections()).collections]
            for prefix, field, payload in OWNERS:
                for name in names:
                    if unused and name.startswith(prefix):
                        unused -= await self._owned(name, field, payload, unused)
            selector = FilterSelector(filter=_has(CONTENT, unused))
            for name in names:
                if unused and name.startswith(BY_CONTENT):
                    await self._client.delete(name, selector, wait=True)
        return len(unused)

    async def _owned(self, name: str, field: str, payload: str, hashes: set[str]) -> set[str]:
        """Those of the contents that a point of this collection has."""
        owned: set[str] = set()
        after = None
        while True:
            points, after = await self._client.scroll(
                name,
                scroll_filter=_has(field, hashes),
                limit=PAGE,
                offset=after,
                with_payload=[payload],
            )
            for point in points:
                owned |= set(_values(point.payload or {}, field)) & hashes
            if after is None:
                return owned


def _has(field: str, values: Collection[str]) -> Filter:
    return Filter(must=[FieldCondition(key=field, match=MatchAny(any=sorted(values)))])


def _values(payload: Any, path: str) -> list[str]:
    """The texts at a path of a payload, in Qdrant's notation: `references[].content_hash`."""
    values = [payload]
    for part in path.split("."):
        inner = [v.get(part.removesuffix("[]")) for v in values if isinstance(v, dict)]
        values = [v for value in inner for v in (value if isinstance(value, list) else [value])]
    return [value for value in values if isinstance(value, str)]
