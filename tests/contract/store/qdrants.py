"""Each Qdrant that the suite runs on: the client's local mode, the embedded engine, a server."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from qdrant_client import AsyncQdrantClient

from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings

LOCAL_MODE: Final = "local mode in memory"
ENGINE: Final = "embedded engine"
SERVER: Final = "server"
SERVER_URL: Final = os.environ.get("PREFERSTREAM_TEST_QDRANT_URL")
"""An empty Qdrant server for the suite, which removes all collections there."""
QDRANT_KINDS: Final = [LOCAL_MODE, ENGINE, *([SERVER] if SERVER_URL else [])]

MEMORY_DISK: Final = Path("/dev/shm")
MEMORY_DISK_BYTES: Final = 1 << 30


@asynccontextmanager
async def opened_qdrant(kind: str, folder: Path) -> AsyncIterator[AsyncQdrantClient]:
    """A client of one of `QDRANT_KINDS` without collections; files go into `folder`."""
    match kind:
        case "local mode in memory":
            client = AsyncQdrantClient(":memory:")
            yield client
            await client.close()
        case "server":
            client = open_qdrant(StoreSettings(qdrant_url=SERVER_URL))
            for collection in (await client.get_collections()).collections:
                await client.delete_collection(collection.name)
            yield client
            await client.close()
        case _:
            with memory_folder(folder) as fast:
                client = open_qdrant(StoreSettings(qdrant_path=fast))
                yield client
                await client.close()


@contextmanager
def memory_folder(otherwise: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: the engine forces about 50 files to the disk when it
    creates a collection."""
    if not MEMORY_DISK.is_dir() or shutil.disk_usage(MEMORY_DISK).free < MEMORY_DISK_BYTES:
        yield otherwise
        return
    with tempfile.TemporaryDirectory(prefix="preferstream-qdrant-", dir=MEMORY_DISK) as folder:
        yield Path(folder)
