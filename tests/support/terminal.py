"""Run a command in a terminal of its own: press Ctrl-C in it, close it, read what it shows."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

ESCAPES = re.compile(r"\x1b\[[0-9?;]*[a-zA-Z]|\r")
POLL_SECONDS = 0.1


class Terminal:
    """A command that runs in the foreground of a terminal."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], *, columns: int) -> None:
        self._side, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            list(command), env=dict(env), stdin=inner, stdout=inner, stderr=inner,
            start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(inner)
        self._bytes = b""

    @property
    def text(self) -> str:
        """Everything that was printed, without colors; long lines are wrapped as printed."""
        return ESCAPES.sub("", self.raw)

    @property
    def raw(self) -> str:
        """The same with colors."""
        return self._bytes.decode("utf-8", "replace")

    def wait_for(self, text: str, *, seconds: float) -> None:
        """Wait until the command has printed this text; fails when it ends before."""
        end = time.monotonic() + seconds
        while text not in self.text:
            is_open = self._read()
            assert text in self.text or (is_open and time.monotonic() < end), self.text

    def press_ctrl_c(self) -> None:
        """The terminal sends SIGINT to its whole foreground group."""
        os.write(self._side, b"\x03")

    def close(self) -> None:
        """Close the window: the kernel sends SIGHUP to the foreground group."""
        if self._side >= 0:
            os.close(self._side)
            self._side = -1

    def wait(self, *, seconds: float) -> int:
        """Exit code of the command; fails when it has not ended in time."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if self._side < 0 or not self._read():
                time.sleep(POLL_SECONDS)
            assert time.monotonic() < end, f"still running:\n{self.text}"
        while self._side >= 0 and self._read() and self._pending():
            pass
        return self.process.returncode

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _pending(self) -> bool:
        return bool(select.select([self._side], [], [], 0)[0])

    def _read(self) -> bool:
        """Read what there is; False when the command has closed the terminal."""
        if not select.select([self._side], [], [], POLL_SECONDS)[0]:
            return True
        try:
            part = os.read(self._side, 65536)
        except OSError:
            return False
        self._bytes += part
        return bool(part)


@contextmanager
def terminal(
    command: Sequence[str], env: Mapping[str, str], *, columns: int = 80
) -> Iterator[Terminal]:
    """A command in a terminal of this width; it ends with the block in any case."""
    opened = Terminal(command, env, columns=columns)
    try:
        yield opened
    finally:
        opened.kill()
        opened.close()


def _take_terminal() -> None:
    # As a shell does for a command in the foreground, whatever our own parent ignores.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
