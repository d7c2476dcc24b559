"""Read images of the serving catalog: single ones, and pages by filter and status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.ops.context import OpsContext
from services.ops.http.problems import Problem
from shared.domain.images.catalog_filter import EVERY_IMAGE, CatalogFilter
from shared.domain.images.image_key import ImageKey
from shared.embedding.audience.scoring import UserScore
from shared.store.catalog.images import Status, StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogPage, CatalogSelection
from shared.store.removal.shown_catalog import ShownCatalog

READ_AT_ONCE: Final = 500
"""Images that one query of the store returns while images of one status are searched."""
MAX_SEARCHED: Final = 10_000
"""Images that one request searches for a status, about a second; the next page continues."""


@dataclass(frozen=True)
class Listing:
    """Which images of a tenant a list shows."""

    tenant: str
    filter: CatalogFilter = EVERY_IMAGE
    status: Status | None = None
    available_at: datetime | None = None

    @property
    def selection(self) -> CatalogSelection:
        # Also an image with an old index may wait: the index is of the address before.
        return CatalogSelection(
            self.tenant,
            self.filter,
            available_at=self.available_at,
            indexed_only=self.status == "indexed",
        )


async def serving(ops: OpsContext) -> CatalogStore:
    """The catalog that serves, without removed images.

    Raises a 409 where there is none, and `Unavailable`.
    """
    if ops.stores.catalogs is None:
        raise Problem(
            409, "no-catalog", "This system has no catalog, because it ranks images by their look"
            " alone; set PREFERSTREAM_SUBJECT_RANKING to true.",
        )  # fmt: skip
    catalog, check = await ops.stores.catalogs.serving(), ops.stores.removal_check
    return catalog if check is None else ShownCatalog(catalog, check)


async def stored_image(catalog: CatalogStore, key: ImageKey) -> StoredImage:
    """The image; raises a 404."""
    image = (await catalog.get([key])).get(key)
    if image is None:
        raise Problem(
            404, "no-image", "The catalog has no image with this id: it was never published, it was"
            " removed, or its publication is not processed yet.",
        )  # fmt: skip
    return image


async def images_by_id(
    catalog: CatalogStore, tenant: str, image_ids: Sequence[str]
) -> list[StoredImage]:
    """The stored images among these, in the order of the ids, each once."""
    keys = list(dict.fromkeys(ImageKey(tenant, image_id) for image_id in image_ids))
    stored = await catalog.get(keys)
    return [stored[key] for key in keys if key in stored]


async def page_of(
    catalog: CatalogStore, listing: Listing, *, after: str | None, limit: int
) -> CatalogPage:
    """At most `limit` images. A page of one status may be short, or empty, and still have a next
    one. Raises a 422 for an `after` that no page has given."""
    try:
        if listing.status is None:
            return await catalog.page(listing.selection, after=after, limit=limit)
        return await _page_of_status(catalog, listing, after=after, limit=limit)
    except ValueError as error:
        raise Problem(422, "invalid-page", f"after: {error}.") from error


async def _page_of_status(
    catalog: CatalogStore, listing: Listing, *, after: str | None, limit: int
) -> CatalogPage:
    images: list[StoredImage] = []
    # No more than are missing: `next` of a page is where its last image ends.
    for _ in range(MAX_SEARCHED // READ_AT_ONCE):
        page = await catalog.page(
            listing.selection, after=after, limit=min(READ_AT_ONCE, limit - len(images))
        )
        images += [image for image in page.images if image.status == listing.status]
        after = page.next
        if after is None or len(images) == limit:
            break
    return CatalogPage(tuple(images), after)


async def audience_of(
    ops: OpsContext, catalog: CatalogStore, image: StoredImage
) -> list[UserScore]:
    """The users whose taste an image meets; raises a 409 before it is indexed."""
    if image.index is None:
        raise not_indexed(image)
    matcher = ops.stores.audience
    users = await matcher.audience(catalog, image.entry.key) if matcher else None
    return users or []


def not_indexed(image: StoredImage) -> Problem:
    failure = f": {image.failure.detail}" if image.failure else ""
    return Problem(
        409, "not-indexed", "The image is not indexed, so nothing can be compared with it; its"
        f" status is {image.status}{failure}.",
    )  # fmt: skip
