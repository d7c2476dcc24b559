"""Write the points of one call to the embedded Qdrant in one transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal

from qdrant_client import AsyncQdrantClient
from qdrant_client.conversions.common_types import Points, UpdateOperation, UpdateResult
from qdrant_client.local.async_qdrant_local import AsyncQdrantLocal


class EmbeddedQdrant(AsyncQdrantClient):
    """The embedded Qdrant; it keeps each collection in memory and in an SQLite database.

    The library commits each point by itself. A commit waits for the disk, 1 to 15 ms, and nothing
    else runs on the event loop meanwhile: twenty images took up to a third of a second. A
    write-ahead log would be faster still, but file systems of networks and containers may lack what
    it needs.
    """

    async def upsert(
        self, collection_name: str, points: Points, *args: Any, **options: Any
    ) -> UpdateResult:
        """Write all points or none. After an error memory may have points that the disk lacks:
        write them again, as every caller does."""
        with self._one_transaction(collection_name):
            # The embedded client never suspends here, so no other write gets into the transaction.
            return await super().upsert(collection_name, points, *args, **options)

    async def batch_update_points(
        self,
        collection_name: str,
        update_operations: Sequence[UpdateOperation],
        *args: Any,
        **options: Any,
    ) -> list[UpdateResult]:
        """Do all operations or none on the disk, like `upsert`."""
        with self._one_transaction(collection_name):
            return await super().batch_update_points(
                collection_name, update_operations, *args, **options
            )

    @contextmanager
    def _one_transaction(self, collection_name: str) -> Iterator[None]:
        local = self._client
        assert isinstance(local, AsyncQdrantLocal)
        collection = local.collections.get(collection_name)
        persistence = collection.storage if collection else None
        if persistence is None:  # no such collection, or a client in memory
            yield
            return
        if not isinstance(persistence.storage, _NestedTransactions):
            persistence.storage.close()
            persistence.storage = sqlite3.connect(
                persistence.location,
                check_same_thread=bool(persistence.CHECK_SAME_THREAD),
                factory=_NestedTransactions,
            )
        with persistence.storage:
            yield


class _NestedTransactions(sqlite3.Connection):
    """A connection on which the outermost `with` block alone commits or rolls back."""

    _depth = 0

    def __enter__(self) -> "_NestedTransactions":
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> Literal[False]:
        self._depth -= 1
        if not self._depth:
            super().__exit__(kind, error, traceback)
        return False
