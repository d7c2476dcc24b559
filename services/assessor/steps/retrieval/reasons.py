"""Say why the catalog gave no image, for the app: what is wrong and what to do."""

from dataclasses import replace
from typing import Final

from shared.domain.images.catalog_filter import EVERY_IMAGE
from shared.store.catalog.images import StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogSelection

NO_CATALOG: Final = (
    "no catalog: it needs the vectors of an image encoder, which are off; set"
    " PREFERSTREAM_SUBJECT_RANKING=true"
)
TOO_LATE: Final = "the deadline was near: the catalog was not searched to the end"
MAX_DETAIL: Final = 1_000


def unavailable(detail: str) -> str:
    return f"the catalog is unavailable: {detail}"


def unknown_image(image_id: str) -> str:
    return (
        f"similar_to: the catalog has no image {image_id!r}; publish it (image.catalog.v1), or send"
        " the id of an image of the catalog"
    )


def not_indexed(image: StoredImage) -> str:
    """Why no image can be compared with one that is in the catalog."""
    image_id = image.entry.image_id
    if image.status == "failed" and image.failure is not None:
        cause = f"{image.failure.reason}: {image.failure.detail}"[:MAX_DETAIL]
        return f"similar_to: the image {image_id!r} could not be indexed: {cause}"
    return f"similar_to: the image {image_id!r} is not indexed yet; send the request again later"


async def nothing_matches(catalog: CatalogStore, selection: CatalogSelection) -> str:
    """Why no image is in the selection."""
    every = CatalogSelection(selection.tenant)
    if not (await catalog.page(every, limit=1)).images:
        return "the catalog has no image of this tenant; publish images (image.catalog.v1)"
    if not (await catalog.page(replace(every, indexed_only=True), limit=1)).images:
        return "no image of the catalog is indexed yet; send the request again later"
    if selection.filter != EVERY_IMAGE:
        matching = replace(every, indexed_only=True, filter=selection.filter)
        if not (await catalog.page(matching, limit=1)).images:
            return "no image of the catalog matches the filter"
    return (
        "no image of the catalog is left: those that match are excluded, listed or served already,"
        " or not available now"
    )
