"""Export the free space of the disks that hold the lake, the models and the training jobs."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

LOW_BYTES: Final = 2 * 1024**3
"""Below it `/readyz` warns, and the alert `PreferstreamDiskLow` fires: a job needs 2 GB."""


class DiskSpace(Collector):
    """Reads the free space at each scrape; a folder that cannot be reached has no sample."""

    def __init__(self, folders: Mapping[str, Path], registry: CollectorRegistry) -> None:
        self._folders = folders
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The metric without samples, which the registry needs at registration."""
        yield _metric()

    def collect(self) -> Iterator[Metric]:
        """The free bytes of each folder's disk."""
        metric = _metric()
        for name, folder in self._folders.items():
            if (free := _free_bytes(folder)) is not None:
                metric.add_metric([name], free)
        yield metric

    async def warning(self) -> str | None:
        """Which disks have little space, for `/readyz`; None when all have enough."""
        free = {name: _free_bytes(folder) for name, folder in self._folders.items()}
        low = [
            f"{size // 2**20} MB are free on the disk of {self._folders[name]} ({name})"
            for name, size in free.items()
            if size is not None and size < LOW_BYTES
        ]
        return "; ".join(low) or None


def _metric() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "preferstream_disk_free_bytes",
        "Free bytes on the disk of a folder: lake (in a local folder), models, training_jobs",
        labels=["folder"],
    )


def _free_bytes(folder: Path) -> int | None:
    """Of the nearest existing folder: this one is created when it is first needed."""
    for path in (folder, *folder.absolute().parents):
        try:
            return shutil.disk_usage(path).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
