"""Points in a folder of the embedded engine, written here or by another process."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import Distance, PointStruct, VectorParams

from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from tests.support.project_root import PROJECT_ROOT

NAME = "things"


def opened(folder: Path) -> AsyncQdrantClient:
    return open_qdrant(StoreSettings(qdrant_path=folder))


async def create(client: AsyncQdrantClient, name: str = NAME) -> None:
    vectors = {"image": VectorParams(size=4, distance=Distance.COSINE)}
    await client.create_collection(name, vectors_config=vectors)


async def put(client: AsyncQdrantClient, *ids: int, name: str = NAME, **payload: Any) -> None:
    points = [
        PointStruct(id=i, vector={"image": [1.0, float(i), 0.0, 0.0]}, payload=payload) for i in ids
    ]
    await client.upsert(name, points, wait=True)


async def stored(client: AsyncQdrantClient, name: str = NAME) -> dict[Any, dict[str, Any]]:
    """Payload of every point, from a list without a filter."""
    points, _ = await client.scroll(name, limit=100_000)
    return {point.id: point.payload or {} for point in points}


def start_writer(folder: Path, count: int) -> subprocess.Popen[str]:
    """Another process that writes one point after the other and prints a line after each."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.store.engine_folders", str(folder), str(count)],
        stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT, env=os.environ,
    )  # fmt: skip


async def _write(folder: Path, count: int) -> None:
    client = opened(folder)
    await create(client)
    for number in range(count):
        await put(client, number, number=number)
        print(number, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    import asyncio

    asyncio.run(_write(Path(sys.argv[1]), int(sys.argv[2])))
