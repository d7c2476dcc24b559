"""Start the local Kafka and hold it: the one entrance of this package."""

import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from services.local.kafka.jars import resolve_jars
from services.local.kafka.java import Java
from services.local.kafka.launch import launch
from services.local.kafka.lock import held
from services.local.kafka.progress import Progress, silent
from services.local.kafka.storage import create_storage, existing_storage, prepare_folder
from services.local.kafka.supervised_process import GuardedProcess


@dataclass(frozen=True)
class LocalKafka:
    """A Kafka that answers. It ends with `stop()`, with the `with` block, or with this process."""

    bootstrap: str
    data_dir: Path
    cluster_id: str
    _process: GuardedProcess

    @property
    def pid(self) -> int:
        """Java's; its guardian has another."""
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def stop(self) -> None:
        """End Kafka and wait for its end; what was acknowledged is on disk. Again: nothing."""
        self._process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start_local_kafka(
    data_dir: Path,
    *,
    on_progress: Progress = silent,
    port: int | None = None,
    start_timeout_seconds: float = 60.0,
    also: str = "",
) -> LocalKafka:
    """A running Kafka on `data_dir`, with the topics and records of the last run.

    Blocks until the broker serves; raises `KafkaDidNotStart` with what to do. The time-out counts
    from Java's start: fetching jars the first time takes what the line takes. `also` are further
    lines of Kafka's settings, such as another listener; they outrank ours.
    """
    began = time.monotonic()
    folder = data_dir.expanduser().resolve()
    prepare_folder(folder)
    with held(folder, on_progress) as lock:
        storage = existing_storage(folder)
        java = Java(resolve_jars(on_progress), folder=folder, lock=lock, also=also)
        if storage is None:
            on_progress("formatting")
            storage = create_storage(folder, java.format)
        on_progress("starting")
        process, ports = launch(
            java, storage.cluster_id, asked_port=port, timeout_seconds=start_timeout_seconds
        )
    on_progress(f"ready in {time.monotonic() - began:.1f} s")
    return LocalKafka(f"127.0.0.1:{ports.broker}", folder, storage.cluster_id, process)
