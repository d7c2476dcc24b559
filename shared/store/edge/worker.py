"""Serve one folder of the embedded engine: read calls from a pipe until its other end is closed.

The engine holds Python's interpreter lock in every call, also in those that take seconds. So it
runs in a process of its own. A full disk or a fault of the engine ends this process only.
"""

import fcntl
import logging
import os
import pickle
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from shared.store.edge.collections import Collections
from shared.store.edge.errors import EngineError, FolderInUse
from shared.store.edge.operations import Operations

LOCK_WAIT_SECONDS: Final = 15.0
"""How long to wait for the engine of a process that has ended: it still flushes its writes."""
PARENT_CHECK_SECONDS: Final = 5.0
"""The pipe stays open after the parent's end if a fork of the parent still has it."""
CALLERS_MISTAKES: Final = (
    "Vector dimension error", "Not existing vector name", "Wrong input", "Validation",
    "No range index", "No appropriate index", "Missing data",
)  # fmt: skip
"""How the engine's messages begin when the call is wrong and a repetition cannot succeed."""

log = logging.getLogger(__name__)


def main() -> None:
    """Arguments: the pipe with the calls, the pipe for the replies, and the folder."""
    # The parent decides when the engine stops: both get the interrupt of a terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    calls = Connection(int(sys.argv[1]), writable=False)
    replies = Connection(int(sys.argv[2]), readable=False)
    folder = Path(sys.argv[3])
    try:
        with _locked(folder):
            collections = Collections(folder / "edge")
            replies.send_bytes(pickle.dumps((None, None)))
            try:
                _serve(calls, replies, collections)
            finally:
                _close(collections)
    except (EngineError, OSError) as error:
        with suppress(BrokenPipeError):
            replies.send_bytes(pickle.dumps((_sendable(error), None)))


def _serve(calls: Connection, replies: Connection, collections: Collections) -> None:
    operations, parent = Operations(collections), os.getppid()
    while True:
        wait = collections.maintenance_in()
        pause = PARENT_CHECK_SECONDS if wait is None else min(wait, PARENT_CHECK_SECONDS)
        # Maintenance that waits for no pause comes before the next call, which may wait already.
        if wait == 0.0 or not calls.poll(pause):
            if os.getppid() != parent:
                return
            if pause == wait:
                _maintain(collections)
            continue
        try:
            method, arguments, options = pickle.loads(calls.recv_bytes())
        except EOFError:
            return
        reply: tuple[Exception | None, Any]
        try:
            reply = None, getattr(operations, method)(*arguments, **options)
        except Exception as error:
            reply = _sendable(error), None
        try:
            replies.send_bytes(pickle.dumps(reply, protocol=5))
        except BrokenPipeError:
            return


def _close(collections: Collections) -> None:
    try:
        collections.close()
    except Exception as error:
        log.warning("the embedded Qdrant could not flush its files at the end: %s", error)


def _maintain(collections: Collections) -> None:
    """Maintain one collection; a failure is repeated later, since the log has all writes."""
    try:
        collections.maintain()
    except Exception as error:
        collections.postpone()
        log.warning("the embedded Qdrant could not flush or clean its files: %s", error)


def _sendable(error: Exception) -> Exception:
    """A `ValueError` for a wrong call, and an `EngineError` for all that may pass."""
    text = str(error)
    if isinstance(error, EngineError | ValueError):
        return error
    if isinstance(error, TypeError) or text.startswith(CALLERS_MISTAKES):
        return ValueError(text)
    return EngineError(f"{type(error).__name__}: {text}" if isinstance(error, OSError) else text)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder with the file that Qdrant's client in local mode locks, too."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                owner = os.pread(descriptor, 20, 0).decode(errors="replace")
                if not _is_gone(owner) or time.monotonic() > deadline:
                    raise FolderInUse(f"another process uses it ({owner.strip()})") from None
                time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getppid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _is_gone(owner: str) -> bool:
    """Whether the lock's owner, the parent of its engine, has ended."""
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return True
    except (ValueError, PermissionError):
        return False
    return False


if __name__ == "__main__":
    main()
