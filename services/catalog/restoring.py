"""Fill a store without a catalog from the compacted topic, such as after the loss of a disk."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from services.catalog.plan import check_key
from shared.domain.clock import Clock
from shared.domain.errors import Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.events import CatalogImage
from shared.events.topics import CATALOG
from shared.events.types.base import image_of_record_key
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import whole_topic
from shared.store.catalog.images import Publication
from shared.store.catalog.serving import Catalogs
from shared.store.catalog.status import IndexingStatus

log = logging.getLogger(__name__)
BATCH: Final = 500


async def restore(
    catalogs: Catalogs, messaging: MessagingSettings, *, model_version: str, clock: Clock
) -> int:
    """Publish the images of the topic to an empty catalog; returns how many there were.

    The committed offsets of the service say that all of them are stored, so nothing else would
    bring them back. A stored status marks an unfinished restoration, which the next start repeats.
    Raises `Unavailable`.
    """
    if not await _is_unfinished(catalogs) and not await _is_empty(catalogs):
        return 0
    publications = await asyncio.to_thread(lambda: latest(whole_topic(messaging, CATALOG)))
    if not publications:
        return 0
    status = IndexingStatus(
        collection=catalogs.current_space.collection,
        model_version=model_version,
        updated_at=clock(),
        problem="the store had no catalog; the images of the topic are published again",
        restoring=True,
    )
    await catalogs.put_status(status)
    for start in range(0, len(publications), BATCH):
        await catalogs.current.publish(publications[start : start + BATCH])
    await catalogs.put_status(status.model_copy(update={"problem": None, "restoring": False}))
    log.info("the store had no catalog; %d images are published again", len(publications))
    return len(publications)


async def _is_unfinished(catalogs: Catalogs) -> bool:
    collection = catalogs.current_space.collection
    return any(s.restoring for s in await catalogs.statuses() if s.collection == collection)


async def _is_empty(catalogs: Catalogs) -> bool:
    for catalog in await catalogs.everywhere():
        if (await catalog.walk(limit=1)).images:
            return False
    return True


def latest(records: Iterable[Record]) -> list[Publication]:
    """The last publication of each image that is not removed; dead letters are left out."""
    images: dict[ImageKey, Publication] = {}
    for record in records:
        try:
            key = image_of_record_key(record.key)
            if record.value is None and record.unreadable is None:
                images.pop(key, None)
                continue
            event = decode(CATALOG, record)
            assert isinstance(event, CatalogImage)
            check_key(event, record.key)
        except Unprocessable:
            continue
        images[key] = Publication(event.entry, event.occurred_at)
    return list(images.values())
