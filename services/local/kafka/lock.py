"""Allow one Kafka per data folder, with a lock that the system drops when its last holder ends."""

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
"""How long the Kafka of a killed owner may take to end: the supervisor's grace period and more."""
POLL_SECONDS = 0.1


@contextmanager
def folder_lock(folder: Path, on_progress: Progress) -> Iterator[int]:
    """Lock the folder; yields the descriptor that Java inherits, so the lock lives as long as Java.

    `filelock` cannot do this: its descriptor is private and is not inherited. The process id in
    the file is only for the message; a file that is left behind locks nothing.
    """
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(descriptor, folder, on_progress)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path, on_progress: Progress) -> None:
    deadline = time.monotonic() + LEFTOVER_SECONDS
    reported = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = _holder(descriptor)
            # A dead holder's Java still ends: wait for it. A live holder keeps the folder.
            if holder is None or is_alive(holder) or time.monotonic() > deadline:
                raise KafkaDidNotStart(in_use_message(folder, holder)) from None
        if not reported:
            on_progress("waiting for the previous Kafka of this folder to end")
            reported = True
        time.sleep(POLL_SECONDS)


def in_use_message(folder: Path, holder: int | None) -> str:
    """Which process uses the folder, and what to do."""
    if holder == os.getpid():
        return f"this process already runs a Kafka on {folder}. Stop it first, or use it."
    who = f"process {holder}" if holder else "another process"
    how = f"with Ctrl-C, or `kill {holder}`" if holder else "there"
    return (
        f"the data folder {folder} is in use: {who} runs a Kafka on it. "
        f"Use that Kafka, stop it ({how}), or start this one with another data folder."
    )


def _holder(descriptor: int) -> int | None:
    try:
        return int(os.pread(descriptor, 20, 0))
    except ValueError:
        return None


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
