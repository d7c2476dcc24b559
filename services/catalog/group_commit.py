"""Write records that are in flight at the same time together (group commit)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.events import CatalogImage

MAX_GROUP: Final = 256
"""Records of one write. A larger group is hardly faster, and occupies the event loop for longer."""
MAX_FAILED: Final = 10_000
"""Images with a failed record that are known. Only the records in flight are tried again."""


@dataclass(frozen=True)
class Change:
    """One record of the catalog's topic."""

    key: ImageKey
    position: RecordPosition
    event: CatalogImage | None
    """None for a tombstone."""

    def is_later(self, position: RecordPosition) -> bool:
        """Whether this record comes after another record in flight of the same image.

        Offsets count, since apps choose the time of a record. With more partitions, the image may
        have moved to another one; then the times count.
        """
        if self.position.partition == position.partition:
            return self.position.offset > position.offset
        return self.position.written_ms > position.written_ms


@dataclass(frozen=True)
class LastChanges:
    """What the records of a group change: a later record of an image replaces the earlier ones."""

    removals: Mapping[ImageKey, RecordPosition]
    """The position of the last tombstone of each image. Removals come before publications."""
    publications: Mapping[ImageKey, Change]
    """The last publication of each image, unless a tombstone follows it."""


def last_changes(changes: Sequence[Change]) -> LastChanges:
    """The changes that count, each image in the order of its first record."""
    removals: dict[ImageKey, RecordPosition] = {}
    publications: dict[ImageKey, Change] = {}
    for change in changes:
        if change.event is None:
            before = removals.get(change.key)
            if before is None or change.is_later(before):
                removals[change.key] = change.position
        else:
            known = publications.get(change.key)
            if known is None or change.is_later(known.position):
                publications[change.key] = change
    present = {
        key: change
        for key, change in publications.items()
        if key not in removals or change.is_later(removals[key])
    }
    return LastChanges(removals, present)


class GroupCommit:
    """Collects the changes that arrive during a write, and writes them together in the next one.

    Each write forces files to the disk, which takes as long for one record as for many. An earlier
    record of an image that failed never replaces a later one that is written.
    """

    def __init__(self, write: Callable[[LastChanges], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: deque[tuple[Change, asyncio.Future[None]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._failed: dict[ImageKey, dict[RecordPosition, bool]] = {}
        """By image the records whose write failed, and whether a later record is written."""

    async def add(self, change: Change) -> None:
        """Return when this change is written, or a later one of the same image.

        Raises what the write raises. After an error other than `Unavailable`, each change of the
        group is written alone, so that a bad one fails alone.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((change, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._write_next()
        finally:
            self._task = None

    async def _write_next(self) -> None:
        group: list[tuple[Change, asyncio.Future[None]]] = []
        while self._waiting and len(group) < MAX_GROUP:
            change, done = self._waiting.popleft()
            if not done.done():  # cancelled: another process has the partition of the record
                group.append((change, done))
        error = await self._attempt([change for change, _ in group])
        writes_alone = error is not None and not isinstance(error, Unavailable)
        for change, done in group:
            if writes_alone and len(group) > 1:
                _settle(done, await self._attempt([change]))
            else:
                _settle(done, error)

    async def _attempt(self, changes: Sequence[Change]) -> Exception | None:
        """Write these changes; returns the error."""
        new = [change for change in changes if not self._is_superseded(change)]
        if not new:
            return None
        try:
            await self._write(last_changes(new))
        except Exception as error:
            for change in new:
                self._failed.setdefault(change.key, {}).setdefault(change.position, False)
            while len(self._failed) > MAX_FAILED:
                del self._failed[next(iter(self._failed))]
            return error
        for change in new:
            self._note_written(change)
        return None

    def _is_superseded(self, change: Change) -> bool:
        """Whether the change failed before, and a later one of its image is written since then."""
        failed = self._failed.get(change.key, {})
        if not failed.get(change.position, False):
            return False
        self._forget(change)
        return True

    def _note_written(self, change: Change) -> None:
        self._forget(change)
        for position in self._failed.get(change.key, ()):
            if change.is_later(position):
                self._failed[change.key][position] = True

    def _forget(self, change: Change) -> None:
        failed = self._failed.get(change.key, {})
        failed.pop(change.position, None)
        if not failed:
            self._failed.pop(change.key, None)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
