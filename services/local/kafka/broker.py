"""Start the local Kafka and hold it until it is stopped; the entry point of this package."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.jars import resolve_jars
from services.local.kafka.java import LOG, Java, end_reason
from services.local.kafka.launch import launch
from services.local.kafka.lock import folder_lock
from services.local.kafka.progress import Progress, silent
from services.local.kafka.storage import create_storage, existing_storage, prepare_data_folder
from services.local.kafka.supervised_process import SupervisedProcess
from shared.files.write_errors import describe


@dataclass(frozen=True)
class LocalKafka:
    """A running Kafka. It ends with `stop()`, with the `with` block, or with this process."""

    bootstrap: str
    """Its address, `host:port`."""
    data_dir: Path
    cluster_id: str
    _process: SupervisedProcess

    @property
    def pid(self) -> int:
        """Process id of Java; its supervisor has another one."""
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def ended_because(self) -> str:
        """Why Kafka has ended by itself, and what to do."""
        return end_reason(self.data_dir, self.data_dir / LOG)

    def stop(self) -> None:
        """Stop Kafka and wait until it has ended; acknowledged records stay on disk.

        A second call does nothing.
        """
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
    extra_settings: str = "",
    cancelled: threading.Event | None = None,
) -> LocalKafka:
    """Start Kafka on `data_dir`, with the topics and records of the last run.

    Blocks until the broker answers; raises `KafkaDidNotStart` with what to do. The timeout counts
    from the start of Java: the first download of the jars depends on the network. `extra_settings`
    are further lines of Kafka's configuration, such as another listener; they override ours.
    `cancelled` ends a start in another thread, with `KafkaDidNotStart`.
    """
    began = time.monotonic()
    prepare_data_folder(data_dir)
    folder = data_dir.resolve()
    try:
        with folder_lock(folder, on_progress) as lock:
            storage = existing_storage(folder)
            jars = resolve_jars(on_progress)
            java = Java(jars, folder=folder, lock=lock, extra_settings=extra_settings)
            if storage is None:
                on_progress("formatting")
                storage = create_storage(folder, java.format)
            on_progress("starting")
            process, ports = launch(
                java, storage.cluster_id, requested_port=port,
                timeout_seconds=start_timeout_seconds, cancelled=cancelled or threading.Event(),
            )  # fmt: skip
    except OSError as error:
        raise KafkaDidNotStart(f"Kafka cannot be started on {folder}: {describe(error)}") from error
    on_progress(f"ready in {time.monotonic() - began:.1f} s")
    return LocalKafka(f"127.0.0.1:{ports.broker}", folder, storage.cluster_id, process)
