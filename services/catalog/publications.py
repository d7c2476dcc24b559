"""Accept published images, and remove images at once, in the collections of all encoders."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from services.catalog.group_commit import Change, GroupCommit, LastChanges
from services.catalog.indexing.counts import Counts, state_of
from services.catalog.indexing.waiting_list import Priority, WaitingList
from services.catalog.metrics import CatalogMetrics
from services.catalog.plan import check_key, is_change
from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.events import CatalogImage
from shared.events.types.base import image_of_record_key
from shared.messaging.contract import Delivery
from shared.store.catalog.images import Publication, StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.serving import Catalogs
from shared.store.removal.image_removal import ImageRemoval
from shared.vlm.model_selection import ServingModels


class Publications:
    """Writes the events of the app to the catalog in groups; the content is indexed later."""

    def __init__(
        self,
        catalogs: Catalogs,
        models: ServingModels,
        *,
        waiting: WaitingList,
        counts: Counts,
        metrics: CatalogMetrics,
        removal: ImageRemoval,
        writing: asyncio.Lock,
        forget_address: Callable[[str], None],
    ) -> None:
        self._catalogs = catalogs
        self._removal = removal
        self._models = models
        self._waiting = waiting
        self._counts = counts
        self._metrics = metrics
        self._writing = writing
        """Held while images are copied to another collection, so that no copy is older."""
        self._forget_address = forget_address
        self._commit = GroupCommit(self._write)

    async def publish(self, event: CatalogImage, delivery: Delivery) -> None:
        """Store a publication unless it is known, and let its content wait.

        A redelivered publication from before the image's removal changes nothing. Raises
        `Unprocessable` for a record under another key, and `Unavailable`.
        """
        check_key(event, delivery.record.key)
        await self._commit.add(Change(event.image_key, _position(delivery), event))

    async def remove(self, delivery: Delivery) -> None:
        """Remove the image that a record without a value names; safe to repeat.

        Raises `Unprocessable` for a key that names no image, and `Unavailable`.
        """
        key = image_of_record_key(delivery.record.key)
        await self._commit.add(Change(key, _position(delivery), None))

    async def _write(self, changes: LastChanges) -> None:
        async with self._writing:
            catalogs = await self._catalogs.everywhere()
            if changes.removals:
                await self._remove(changes.removals, catalogs)
            if changes.publications:
                await self._publish(changes.publications, catalogs)

    async def _publish(
        self, changes: Mapping[ImageKey, Change], catalogs: Sequence[CatalogStore]
    ) -> None:
        positions = {key: change.position for key, change in changes.items()}
        accepted = await self._removal.accepted(positions)
        publications = [
            Publication(change.event.entry, change.event.occurred_at)
            for key, change in changes.items()
            if key in accepted and change.event is not None
        ]
        for catalog in catalogs:
            stored = await catalog.get([p.entry.key for p in publications])
            changed = [p for p in publications if is_change(p, stored.get(p.entry.key))]
            await catalog.publish(changed)
            if catalog is not self._catalogs.current:
                continue
            self._metrics.published.inc(len(changed))
            changed_keys = {p.entry.key for p in changed}
            for publication in publications:
                key = publication.entry.key
                self._wait(publication, stored.get(key), is_changed=key in changed_keys)

    def _wait(
        self, publication: Publication, stored: StoredImage | None, *, is_changed: bool
    ) -> None:
        """Let the image wait, also a known one: an earlier process may have ended before it."""
        image = StoredImage(
            entry=publication.entry,
            published_at=publication.published_at,
            index=stored.index if stored else None,
            failure=None if is_changed or stored is None else stored.failure,
        )
        version = self._models.champion.model_version
        before = state_of(stored, model_version=version)
        after = state_of(image, model_version=version)
        self._counts.changed(image.entry.key, before, after)
        if image.status == "waiting":
            self._waiting.add(image.entry.key, Priority.PUBLISHED, at_once=is_changed)

    async def _remove(
        self, positions: Mapping[ImageKey, RecordPosition], catalogs: Sequence[CatalogStore]
    ) -> None:
        stored = await self._catalogs.current.get(positions)
        await self._removal.remove(positions, catalogs=catalogs)
        version = self._models.champion.model_version
        for key in positions:
            image = stored.get(key)
            self._counts.changed(key, state_of(image, model_version=version), None)
            self._waiting.done(key)
            if image is not None:
                # Published again, its content is loaded again.
                self._forget_address(image.entry.uri)
        self._metrics.removed.inc(len(stored))


def _position(delivery: Delivery) -> RecordPosition:
    record = delivery.record
    return RecordPosition(record.partition, record.offset, record.timestamp_ms)
