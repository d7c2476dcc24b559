"""Find the images of the catalog that resemble an image: by its vector, only available ones."""

from datetime import datetime

from services.ops.catalog.reading import not_indexed
from shared.domain.images.catalog_filter import CatalogFilter
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import IMAGE_VECTOR, StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogHit, CatalogQuery, CatalogSelection


async def similar_images(
    catalog: CatalogStore,
    image: StoredImage,
    *,
    filter: CatalogFilter,
    available_at: datetime,
    limit: int,
) -> list[CatalogHit]:
    """The most similar images, without the image itself; raises a 409 before it is indexed."""
    key = image.entry.key
    vector = (await catalog.vectors([key])).get(key, {}).get(IMAGE_VECTOR)
    if vector is None:
        raise not_indexed(image)
    selection = CatalogSelection(
        key.tenant,
        filter,
        available_at=available_at,
        exclude_ids=frozenset({key.image_id}),
        indexed_only=True,
    )
    return await images_like(catalog, selection, vector, limit=limit)


async def images_like(
    catalog: CatalogStore, selection: CatalogSelection, vector: Vectors, *, limit: int
) -> list[CatalogHit]:
    """The selected images by the cosine of their image vectors with `vector`, (dimension,)."""
    query = CatalogQuery(IMAGE_VECTOR, positive=(vector,), strategy="average_vector", limit=limit)
    (hits,) = await catalog.query(selection, [query])
    return hits
