"""Find what rules look at: tags, author and metadata of the images of a request."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from shared.domain.errors import Unavailable
from shared.domain.images.catalog_entry import MAX_SAFE_INTEGER, CatalogEntry
from shared.domain.images.image_key import ImageKey
from shared.events import Candidate
from shared.store.catalog.images import StoredImage
from shared.store.catalog.serving import Catalogs

log = logging.getLogger(__name__)
NO_CATALOG: Final[Mapping[ImageKey, StoredImage]] = {}


async def entries_of(
    candidates: Sequence[Candidate], *, tenant: str, catalogs: Catalogs | None
) -> dict[str, CatalogEntry]:
    """The entry of each candidate by its id.

    Tags are those of the catalog. Author, time and metadata of the request come before those of
    the catalog. Without an answer of the catalog, an entry holds what the request says.
    """
    keys = [ImageKey(tenant, candidate.image_id) for candidate in candidates]
    stored = NO_CATALOG
    if catalogs is not None and keys:
        try:
            stored = await (await catalogs.serving()).get(keys)
        except Unavailable as error:
            # A feed without rules on tags is better than none.
            log.warning("rules see no tags: the catalog is not available: %s", error)
    return {
        key.image_id: merged_entry(candidate, stored.get(key), tenant=tenant)
        for key, candidate in zip(keys, candidates, strict=True)
    }


def merged_entry(candidate: Candidate, stored: StoredImage | None, *, tenant: str) -> CatalogEntry:
    """What is known of an image: the fields of the request before those of the catalog."""
    known = CatalogEntry(tenant=tenant, image_id=candidate.image_id, uri=candidate.uri)
    if stored is not None:
        known = stored.entry
    own = {key: value for key, value in (candidate.metadata or {}).items() if _is_exact(value)}
    return known.model_copy(
        update={
            "author_id": candidate.author_id or known.author_id,
            "created_at": candidate.created_at or known.created_at,
            "metadata": {**known.metadata, **own},
        }
    )


def _is_exact(value: object) -> bool:
    """Whether a filter can compare a value: integers of a candidate may have any size."""
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return not is_integer or abs(int(str(value))) <= MAX_SAFE_INTEGER
