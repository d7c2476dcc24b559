"""The catalog service in a process of its own that is killed while it indexes."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL.Image import Image

from shared.vlm.protocol import Description
from tests.fakes.model import ColorModel
from tests.integration.store.catalog_service import Catalog
from tests.support.project_root import PROJECT_ROOT

SESSION_SECONDS: Final = 6.0
"""The shortest session that Kafka permits by default."""


class SlowModel(ColorModel):
    """Describes a batch in 0.2 seconds."""

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        await asyncio.sleep(0.2)
        return await super().describe(images)


def start_service(catalog: Catalog) -> subprocess.Popen[str]:
    """Another process with the service; it prints the number of indexed images when it changes."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.integration.store.killed_catalog"),
            *(catalog.messaging.kafka_bootstrap_servers, str(catalog.folder), catalog.tenant),
        ],
        stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT,
    )  # fmt: skip


async def _index(kafka: str, folder: Path, tenant: str) -> None:
    catalog = Catalog(kafka, folder, tenant=tenant)
    catalog.model = SlowModel()
    # The next process gets the partitions when the session of the killed one has ended.
    catalog.messaging = catalog.messaging.model_copy(
        update={"session_timeout_seconds": SESSION_SECONDS}
    )
    async with catalog.service() as app:
        assert app.indexing is not None
        before = -1
        while True:
            indexed = app.indexing.status().of(tenant).indexed
            if indexed != before:
                print(indexed, flush=True)
            before = indexed
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(_index(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
