"""Start `preferstream up` in a process of its own for as long as a command needs it."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.local.runtime_file import RuntimeFile, read_runtime_file
from shared.runtime.child_process import ChildProcess

READY_SECONDS = 300.0
"""The first start fetches Kafka, about 90 MB; later ones take seconds."""
STOP_SECONDS = 60.0


class SystemDidNotStart(Exception):
    """The system did not get ready; the text says what it said last."""


@contextmanager
def managed_system(data_dir: Path, *, say: Callable[[str], None]) -> Iterator[RuntimeFile]:
    """A running system for the length of a block; its progress goes to `say`."""
    command = [sys.executable, "-m", "services.cli", "up", "--json", f"--parent={os.getpid()}"]
    with ChildProcess(
        command,
        env={**os.environ, "PREFERSTREAM_DATA_DIR": str(data_dir)},
        on_stderr=say,
        grace_seconds=STOP_SECONDS,
    ) as system:
        if system.first_line(seconds=READY_SECONDS) is None:
            raise SystemDidNotStart(f"the system did not get ready: it {system.end().reason}")
        announcement = read_runtime_file(data_dir)
        if announcement is None:
            raise SystemDidNotStart(
                f"the system is ready but left no runtime file in {data_dir}"
            )
        yield announcement
