"""Qdrant's client on the embedded engine."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import QueryRequest, QueryResponse, ReadConsistencyType

from shared.store.edge.calls import EdgeCalls
from shared.store.edge.disk_search import collection_folder, files_with
from shared.store.edge.engine_process import EngineProcess
from shared.store.edge.local_mode import move_local_mode


class EdgeQdrant(AsyncQdrantClient):
    """The embedded Qdrant of one folder, for this process alone.

    Raises `EngineError`; `ValueError` for a wrong call, such as an unknown collection.
    """

    def __init__(self, path: Path) -> None:
        """Open the folder, and move the collections of an earlier format into the engine."""
        super().__init__(":memory:")  # prepares the base class; replaced in the next lines
        engine = EngineProcess(path)
        try:
            move_local_mode(path, engine)
        except BaseException:
            engine.close_now()
            raise
        self._client = EdgeCalls(engine)
        self._folder = path

    async def query_batch_points(
        self,
        collection_name: str,
        requests: Sequence[QueryRequest],
        consistency: int | ReadConsistencyType | None = None,
        timeout: int | None = None,  # noqa: ASYNC109  the signature of the base class
        **kwargs: Any,
    ) -> list[QueryResponse]:
        """Answer several queries in one call.

        The base class copies each request number by number before, to embed texts in it: 20 ms for
        a query with ten examples. Our queries hold vectors alone.
        """
        return await self._client.query_batch_points(
            collection_name=collection_name,
            requests=requests,
            consistency=consistency,
            timeout=timeout,
            **kwargs,
        )

    async def purge(self) -> None:
        """Remove deleted points from the files now, and not within the next hour.

        Each collection is one call, so that other calls wait for one collection at most.
        """
        assert isinstance(self._client, EdgeCalls)
        engine = self._client.engine
        for name in await engine.call("collection_names"):
            await engine.call("purge", name)

    async def files_with(self, texts: Iterable[str], *, collections: Iterable[str]) -> int:
        """Number of files of these collections that contain one of the texts."""
        folders = [collection_folder(self._folder / "edge", name) for name in collections]
        return len(await asyncio.to_thread(files_with, [text.encode() for text in texts], folders))
