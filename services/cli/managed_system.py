"""Start `preferstream up` in a process of its own for as long as a command needs it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.local.runtime_file import Announcement, read_announcement

READY_SECONDS = 300.0
"""The first start fetches Kafka, about 90 MB; later ones take seconds."""
STOP_SECONDS = 60.0


class StartFailed(Exception):
    """The system did not get ready; the text says what it said last."""


@contextmanager
def started_system(data_dir: Path, *, say: Callable[[str], None]) -> Iterator[Announcement]:
    """A running system for the length of a block; its progress goes to `say`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "up", "--json", f"--parent={os.getpid()}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PREFERSTREAM_DATA_DIR": str(data_dir)},
        start_new_session=True,  # Ctrl-C is ours to pass on, once the story has let go.
    )
    last: list[str] = []
    listener = threading.Thread(target=_relay, args=(process, say, last), daemon=True)
    listener.start()
    timer = threading.Timer(READY_SECONDS, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        timer.cancel()
        if not line:
            process.wait(STOP_SECONDS)
            listener.join(1.0)
            raise StartFailed("the system did not get ready: " + " ".join(last[-3:]))
        json.loads(line)
        announcement = read_announcement(data_dir)
        if announcement is None:
            raise StartFailed(f"the system said it was ready but left nothing in {data_dir}")
        yield announcement
    finally:
        timer.cancel()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def _relay(process: "subprocess.Popen[str]", say: Callable[[str], None], last: list[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        last.append(line.strip())
        say(line.rstrip())
