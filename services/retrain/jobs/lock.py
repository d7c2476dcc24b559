"""Let one night run at a time among all instances: a lock that the kernel drops with its holder."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from shared.domain.errors import Unavailable

LOCK: Final = "night.lock"


class HeldElsewhere(Exception):
    """Another process holds the lock; the text says which, as far as it told."""


@contextmanager
def night_lock(folder: Path, *, now: datetime) -> Iterator[None]:
    """Hold the lock in the models' folder, which every instance sees, for the length of a block.

    Raises `HeldElsewhere` at once, and `Unavailable` where the folder cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            "registry",
            f"{folder} cannot be written: {error.strerror or error}; free some space or make the"
            " folder writable",
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise HeldElsewhere(_told(file.read())) from None
        file.truncate(0)
        file.write(
            json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": str(now)})
        )
        file.flush()
        yield


def _told(text: str) -> str:
    try:
        by = json.loads(text)
        return f"process {by['pid']} on {by['host']} runs a night since {by['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process runs a night"
