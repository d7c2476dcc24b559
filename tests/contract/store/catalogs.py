"""The catalog's store in memory and in Qdrant, and sample images for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from qdrant_client import AsyncQdrantClient

from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import ImageIndex, IndexedContent, Publication
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.qdrant_catalog import QdrantCatalog
from shared.store.catalog.spaces import CatalogSpace
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from tests.fakes.stores.catalog import InMemoryCatalog

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
IMAGE_DIMENSION = 6
WORD_DIMENSION = 4
SPACE = CatalogSpace(
    encoder="encoder-1", image_dimension=IMAGE_DIMENSION,
    embedder="embedder-1", word_dimension=WORD_DIMENSION,
)  # fmt: skip
KINDS = ["in memory", "qdrant in memory", "qdrant in a folder"]


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[CatalogStore]:
    """The store of one of `KINDS`, closed at the end of the block; files go into `folder`."""
    match kind:
        case "in memory":
            yield InMemoryCatalog()
            return
        case "qdrant in memory":
            client = AsyncQdrantClient(":memory:")
        case _:
            client = open_qdrant(StoreSettings(qdrant_path=folder / "qdrant"))
    catalog = QdrantCatalog(client, SPACE)
    await catalog.prepare()
    await catalog.prepare()  # safe to repeat
    yield catalog
    await client.close()


def key(image_id: str, *, tenant: str = "default") -> ImageKey:
    return ImageKey(tenant, image_id)


def published(image_id: str, **fields: Any) -> Publication:
    entry = {"tenant": "default", "uri": f"mem:{image_id}", **fields}
    return Publication(CatalogEntry(image_id=image_id, **entry), NOW)


def indexed(image_id: str, *, tenant: str = "default", **vectors: Vectors) -> IndexedContent:
    index = ImageIndex(
        uri=f"mem:{image_id}", content_hash=f"hash of {image_id}",
        words={Element.COLOR: ("red", "deep blue")}, subject_words=("bird", "animal"),
        model_version="m-1", indexed_at=NOW,
    )  # fmt: skip
    return IndexedContent(key(image_id, tenant=tenant), index, vectors)


def axis(number: int, dimension: int = IMAGE_DIMENSION) -> Vectors:
    vector: Vectors = np.eye(dimension, dtype=np.float32)[number]
    return vector


def mixed(*parts: float) -> Vectors:
    """An image vector with these components, the others 0."""
    return np.asarray([*parts, *([0.0] * (IMAGE_DIMENSION - len(parts)))], np.float32)


async def fill(catalog: CatalogStore, **images: Vectors) -> None:
    """Publish and index images by their id, each with an image vector."""
    await catalog.publish([published(image_id) for image_id in images])
    await catalog.index([indexed(image_id, image=vector) for image_id, vector in images.items()])
