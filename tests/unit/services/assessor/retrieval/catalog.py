"""A catalog of plain images in memory, indexed as the catalog service does it, for the assessor."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element
from shared.embedding.protocol import Vectors
from shared.events import ImageCandidates
from shared.store.catalog.images import ImageIndex, IndexedContent, Publication
from shared.store.catalog.spaces import CatalogSpace
from shared.store.protocol import Reference
from tests.fakes.images import plain_image
from tests.fakes.model import COLORS
from tests.fakes.stores.catalog import InMemoryCatalog
from tests.fakes.stores.catalogs import InMemoryCatalogs
from tests.unit.services.assessor.assessor import Assessor
from tests.unit.services.assessor.users import NOW, request

SPACE = CatalogSpace(
    encoder="colors", image_dimension=len(COLORS), embedder="one-hot", word_dimension=32
)


def with_catalog(**settings: Any) -> Assessor:
    """An assessor with an empty catalog."""
    return Assessor(catalogs=InMemoryCatalogs(SPACE), **{"explain_top_k": 1, **settings})


def color_vector(color: str) -> Vectors:
    """The image vector of a plain image: one dimension for each color."""
    vector: Vectors = np.eye(len(COLORS), dtype=np.float32)[COLORS.index(color)]
    return vector


async def publish(
    assessor: Assessor,
    image_id: str,
    color: str,
    *,
    tenant: str = "default",
    at: datetime = NOW,
    index: bool = True,
    shows: tuple[str, ...] = (),
    **fields: Any,
) -> None:
    """Publish an image of one color under this id and index it; `shows` are its subject words."""
    assert assessor.catalogs is not None
    catalog = assessor.catalogs.current
    entry = CatalogEntry(tenant=tenant, image_id=image_id, uri=f"drawing:{color}", **fields)
    await catalog.publish([Publication(entry, at)])
    if index:
        await index_image(assessor, catalog, entry.key, color, shows=shows)


async def index_image(
    assessor: Assessor,
    catalog: InMemoryCatalog,
    key: ImageKey,
    color: str,
    *,
    shows: tuple[str, ...] = (),
) -> None:
    stored = (await catalog.get([key]))[key]
    index = ImageIndex(
        uri=stored.entry.uri,
        content_hash=plain_image("", color).content_hash,
        words={Element.COLOR: (color,)},
        subject_words=shows,
        model_version="colors-1",
        indexed_at=NOW,
    )
    word = (await assessor.embedder.embed([color]))[0]
    vectors = {"image": color_vector(color), "color": word}
    await catalog.index([IndexedContent(key, index, vectors)])


async def publish_colors(assessor: Assessor, colors: Sequence[str], **fields: Any) -> None:
    """Publish images named after their color and number: `red-0`, `blue-1`, ..."""
    for number, color in enumerate(colors):
        await publish(assessor, f"{color}-{number}", color, **fields)


async def like(assessor: Assessor, *colors: str, side: str = "liked") -> tuple[Reference, ...]:
    """References of these colors, with stored image vectors."""
    assert assessor.catalogs is not None
    stored = await assessor.catalogs.serving_vectors()
    hashes = {color: plain_image("", color).content_hash for color in colors}
    await stored.put({hashes[color]: color_vector(color) for color in colors})
    return tuple(
        Reference(
            image_id=f"ref-{color}",
            uri=f"drawing:{color}",
            content_hash=hashes[color],
            side=side,
            action="like" if side == "liked" else "dislike",
            occurred_at=NOW,
            event_id=f"e-{color}",
        )
        for color in colors
    )


def feed_request(*listed: str, **fields: Any) -> ImageCandidates:
    """A request of Ana for images of the catalog; `listed` are colors that she lists herself.

    `fields` are those of `from_catalog`, and those of the request under their names.
    """
    wanted = {
        name: fields.pop(name) for name in ("limit", "filter", "similar_to") if name in fields
    }
    return request(*listed, from_catalog=wanted, **fields)
