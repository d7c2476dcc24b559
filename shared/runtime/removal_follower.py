"""Follow the catalog's topic in this process, so that a removed image is shown no more."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Final

from shared.client.asynchronous import AsyncClient
from shared.domain.errors import Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.events.topics import CATALOG
from shared.events.types.base import Event, image_of_record_key
from shared.events.types.catalog import CatalogImage
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import tail
from shared.store.removal.removal_check import RemovalCheck

log = logging.getLogger(__name__)
READ_AT_START: Final = 20_000
"""Latest records of each partition that are read at the start: the catalog service may not have
stored their removals yet."""


class RemovalFollower(AsyncClient):
    """Notes each removal and publication within milliseconds; bad records are left out.

    It reads without a consumer group and commits nothing: every instance needs every record.
    """

    def __init__(self, settings: MessagingSettings, check: RemovalCheck) -> None:
        super().__init__(settings, topics=(CATALOG,))
        self._check = check
        self._early: list[tuple[Record, Event | None]] | None = []
        """New records that arrive while earlier ones are read; None afterwards."""

    async def start(self) -> None:
        """Read the stored removals and the latest records, and then each new one."""
        await super().start()
        assert self._reader is not None
        self._reader.add_done_callback(self._ended)
        await self._check.load()
        for record in await asyncio.to_thread(list, self._latest()):
            self._note(record, None)
        early, self._early = self._early or [], None
        for record, event in early:
            self._note(record, event)
        self._check.is_following = not self._reader.done()

    async def stop(self) -> None:
        self._check.is_following = False
        await super().stop()

    def dispatch(self, record: Record, event: Event | None) -> None:
        if self._early is not None:
            self._early.append((record, event))
        else:
            self._note(record, event)

    def _latest(self) -> Iterator[Record]:
        """The latest records, without publications of images that no earlier record removed."""
        removed: set[bytes | None] = set()
        for record in tail(self._settings, CATALOG, max_per_partition=READ_AT_START):
            if record.value is None:
                removed.add(record.key)
            elif record.key not in removed and not self._is_known_as_removed(record):
                continue
            yield record

    def _is_known_as_removed(self, record: Record) -> bool:
        try:
            return self._check.knows_removed(image_of_record_key(record.key))
        except Unprocessable:
            return False

    def _note(self, record: Record, event: Event | None) -> None:
        try:
            key = image_of_record_key(record.key)
        except Unprocessable as error:
            log.debug("%s names no image: %s", record.source, error)
            return
        position = RecordPosition(record.partition, record.offset, record.timestamp_ms)
        if record.value is None:
            if record.unreadable is None:
                self._check.note_removed(key, position)
        elif self._check.knows_removed(key) and _is_publication(record, event, key):
            self._check.note_published(key, position)

    def _ended(self, reader: asyncio.Task[None]) -> None:
        if not reader.cancelled() and (error := reader.exception()) is not None:
            self._check.is_following = False
            log.error("removals are read from the store alone, until a restart: %r", error)


def _is_publication(record: Record, event: Event | None, key: ImageKey) -> bool:
    """Whether the record is valid; the catalog service makes a dead letter of a bad one."""
    if event is None:
        try:
            event = decode(CATALOG, record)
        except Unprocessable:
            return False
    return isinstance(event, CatalogImage) and event.image_key == key
