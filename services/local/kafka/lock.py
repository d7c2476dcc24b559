"""One Kafka a data folder: a lock that the kernel drops when its last holder ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.progress import Progress

FILE = "lock"
LEFTOVER_SECONDS = 25.0
"""How long the Kafka of a killed owner may take to end: its guardian's grace, and some more."""


@contextmanager
def held(folder: Path, on_progress: Progress) -> Iterator[int]:
    """Hold the folder; yields the descriptor that Java inherits, so the lock lasts as long as it.

    The number in the file only serves the message: a file left behind locks nothing.
    """
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _take(descriptor, folder, on_progress)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Path, on_progress: Progress) -> None:
    deadline = time.monotonic() + LEFTOVER_SECONDS
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = _holder(descriptor)
            if holder is None or _is_alive(holder) or time.monotonic() > deadline:
                raise KafkaDidNotStart(in_use(folder, holder)) from None
        if not told:
            on_progress("waiting for the previous Kafka of this folder to end")
            told = True
        time.sleep(0.1)


def in_use(folder: Path, holder: int | None) -> str:
    if holder == os.getpid():
        return f"this process already runs a Kafka on {folder}. Stop it first, or use that one."
    who = f"process {holder}" if holder else "another process"
    end = f"with Ctrl-C, or `kill {holder}`" if holder else "there"
    return (
        f"the data folder {folder} is in use: {who} runs a Kafka on it. "
        f"Use that one, end it ({end}), or start this one with another data folder."
    )


def _holder(descriptor: int) -> int | None:
    try:
        return int(os.pread(descriptor, 20, 0))
    except ValueError:
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
