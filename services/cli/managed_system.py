"""Run `preferstream up` in a child process while a command needs it."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from services.local.runtime_file import RuntimeFile, read_runtime_file
from shared.runtime.child_process import ChildProcess

READY_SECONDS = 300.0
"""The first start downloads Kafka, about 45 MB; later ones take seconds."""
STOP_SECONDS = 60.0
"""To finish its events in progress, on a busy machine; a second Ctrl-C does not wait for it."""


class SystemDidNotStart(Exception):
    """The system did not become ready; the text contains its last messages."""


@contextmanager
def managed_system(
    data_dir: Path,
    *,
    on_progress: Callable[[str], None],
    settings: Mapping[str, str] | None = None,
) -> Iterator[RuntimeFile]:
    """A running system inside the `with` block; its messages go to `on_progress`.

    `settings` are environment variables that replace those of this process.
    """
    command = [sys.executable, "-m", "services.cli", "up", "--json", f"--parent={os.getpid()}"]
    with ChildProcess(
        command,
        env={**os.environ, "PREFERSTREAM_DATA_DIR": str(data_dir), **(settings or {})},
        on_stderr=on_progress,
        grace_seconds=STOP_SECONDS,
    ) as system:
        if system.first_line(seconds=READY_SECONDS) is None:
            raise SystemDidNotStart(f"the system did not become ready: it {system.end().reason}")
        runtime_file = read_runtime_file(data_dir)
        if runtime_file is None:
            raise SystemDidNotStart(f"the system is ready but left no runtime file in {data_dir}")
        yield runtime_file
