"""Allow one training job at a time among all instances, with a lock that the kernel releases.

`filelock` uses the kernel's `flock`, which is released when the process dies, however it dies. Its
fallback for file systems without `flock` is off: that lock would outlive a killed holder.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from shared.domain.errors import Unavailable

LOCK: Final = "training-job.lock"


class LockHeld(Exception):
    """Another process holds the lock; the text names the process if its note can be read."""


@contextmanager
def job_lock(folder: Path, *, now: datetime) -> Iterator[None]:
    """Hold the lock in the folder of the models, which every instance mounts.

    Raises `LockHeld` at once, and `Unavailable` when the folder cannot be used.
    """
    note = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": str(now)})

    def write_note(descriptor: int) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode(), 0)

    lock = FileLock(folder / LOCK, timeout=0, fallback_to_soft=False, on_acquired=write_note)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise LockHeld(_holder(folder / LOCK)) from None
    except OSError as error:
        raise Unavailable(
            "registry",
            f"{folder} cannot be locked: {error.strerror or error}; free some space, make the"
            " folder writable, or use a file system with flock",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _holder(file: Path) -> str:
    try:
        note = json.loads(file.read_text(encoding="utf-8"))
        return f"process {note['pid']} on {note['host']} runs a job since {note['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process runs a job"
