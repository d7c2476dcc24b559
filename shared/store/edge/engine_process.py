"""Start the process of the embedded engine, call it, and start it again when it has ended."""

import asyncio
import fcntl
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from shared.store.edge.errors import EngineError

CLOSE_SECONDS: Final = 60.0
"""The engine flushes its writes and removes deleted points before it ends."""
PIPE_BYTES: Final = 1 << 20
"""The most that Linux allows to every user."""


class EngineProcess:
    """The engine's process. Calls wait for each other in one thread, which blocks no event loop.

    Raises `EngineError`, also when the process ends during a call; the next call starts it again.
    """

    def __init__(self, folder: Path) -> None:
        """Start the engine and wait until it has opened the folder, 0.2 seconds when empty."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._start()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qdrant-engine")

    async def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """The result of a method of `Operations`."""
        loop = asyncio.get_running_loop()
        if self._closed:
            raise EngineError("the store is closed")
        return await loop.run_in_executor(self._thread, self.call_now, method, arguments, options)

    def call_now(
        self, method: str, arguments: tuple[Any, ...] = (), options: dict[str, Any] | None = None
    ) -> Any:
        """Call in this thread; for the time before other threads call."""
        if self._process is None:
            self._start()
        error, result = self._exchange((method, arguments, options or {}))
        if error is not None:
            raise error
        return result

    async def close(self) -> None:
        """Let the engine write everything to the disk and end."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self.close_now)
        self._thread.shutdown()

    def close_now(self) -> None:
        """Let the engine end; in the thread that calls it, or before other threads call."""
        if self._process is not None:
            self._stop()

    def _start(self) -> None:
        (calls, self._calls), (self._replies, replies) = _pipe(), _pipe()
        with calls, replies:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "shared.store.edge.worker"),
                    *(str(calls.fileno()), str(replies.fileno()), str(self._folder)),
                ],
                pass_fds=[calls.fileno(), replies.fileno()],
                stdin=subprocess.DEVNULL,
            )
        error, _ = self._exchange(None)
        if error is not None:
            self._stop()
            raise error

    def _exchange(self, request: object) -> tuple[Exception | None, Any]:
        """Send a request, if there is one, and wait for the reply."""
        try:
            if request is not None:
                self._calls.send_bytes(pickle.dumps(request, protocol=5))
            reply: tuple[Exception | None, Any] = pickle.loads(self._replies.recv_bytes())
        except (EOFError, OSError):
            return EngineError(f"the process of the embedded Qdrant ended {self._stop()}"), None
        return reply

    def _stop(self) -> str:
        """Close the pipes, which ends the process, and wait for it; returns how it ended."""
        process, self._process = self._process, None
        assert process is not None
        self._calls.close()
        self._replies.close()
        try:
            code = process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return f"by signal {-code}" if code < 0 else f"with exit code {code}"


def _pipe() -> "tuple[Connection, Connection]":
    """The reading and the writing end of a pipe that takes the vectors of a slate at once.

    With the usual buffer of 64 kB, the two processes would wait for each other 24 times.
    """
    reading, writing = Pipe(duplex=False)
    with suppress(OSError, AttributeError):  # not every system lets a pipe grow
        fcntl.fcntl(writing.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reading, writing
