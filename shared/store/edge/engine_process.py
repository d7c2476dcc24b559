"""Start the process of the embedded engine, call it, and start it again when it has ended."""

import asyncio
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


class EngineProcess:
    """The engine's process. Calls wait for each other in one thread, which blocks no event loop.

    Raises `EngineError`, also when the process ends during a call; the next call starts it again.
    """

    def __init__(self, folder: Path) -> None:
        """Start the engine and wait until it has opened the folder, 0.2 seconds when empty."""
        self._folder = folder
        self._pipe: Connection | None = None
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
        if self._pipe is None:
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
        if self._pipe is not None:
            with suppress(OSError):
                self._pipe.send_bytes(pickle.dumps(("close", (), {})))
        self._stop()

    def _start(self) -> None:
        ours, theirs = Pipe()
        command = [sys.executable, "-m", "shared.store.edge.worker"]
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), str(self._folder)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._pipe = ours
        error, _ = self._exchange(None)
        if error is not None:
            self._stop()
            raise error

    def _exchange(self, request: object) -> tuple[Exception | None, Any]:
        """Send a request, if there is one, and wait for the reply."""
        assert self._pipe is not None
        try:
            if request is not None:
                self._pipe.send_bytes(pickle.dumps(request, protocol=5))
            reply: tuple[Exception | None, Any] = pickle.loads(self._pipe.recv_bytes())
        except (EOFError, OSError):
            return EngineError(f"the process of the embedded Qdrant ended {self._stop()}"), None
        return reply

    def _stop(self) -> str:
        """Wait for the end of the process; returns how it ended."""
        assert self._process is not None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        try:
            code = self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return f"by signal {-code}" if code < 0 else f"with exit code {code}"
