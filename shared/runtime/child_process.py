"""Run a command in a child process: pass on its lines, limit its time, end it with its children."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

STDERR_LINES: Final = 4
"""Last lines of standard error that are kept as a reason: the end of a traceback."""
STDERR_LINE_CHARACTERS: Final = 500
GRACE_SECONDS: Final = 5.0
"""Seconds between SIGTERM and SIGKILL."""
FORCED_SECONDS: Final = 3.0
"""Seconds between a second SIGTERM and SIGKILL, when the user does not want to wait."""
CHECK_SECONDS: Final = 0.2
"""Seconds between two checks of the stop event and of the time limit."""


def ignore(line: str) -> None:
    """Do nothing with a line."""


@dataclass(frozen=True)
class ChildExit:
    """How a child process ended."""

    code: int
    """The exit code; negative: the number of the signal that killed it."""
    last_lines: tuple[str, ...] = ()
    """The last lines of standard error; empty where the parent's own was used."""
    timed_out_after: float | None = None
    """Seconds of the time limit that it exceeded."""

    @property
    def timed_out(self) -> bool:
        """Whether we ended it because of a time limit."""
        return self.timed_out_after is not None

    @property
    def killed(self) -> bool:
        """Whether a signal ended it, from us or from outside."""
        return self.code < 0

    @property
    def reason(self) -> str:
        """The end of a sentence that starts with the child's name: `ended with code 2; ...`."""
        if self.timed_out:
            how = f"was ended after {self.timed_out_after:g} s, its time limit"
        elif self.code < 0:
            how = f"was killed by {_signal_name(-self.code)}"
        else:
            how = f"ended with code {self.code}"
        return f"{how}; standard error: {' / '.join(self.last_lines) or 'empty'}"


class ChildProcess:
    """A running child process; leaving the `with` block ends it and its children.

    Its standard input is a pipe that stays open as long as this process lives, so that a child can
    notice the death of its parent, also after SIGKILL.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        on_stderr: Callable[[str], None] = ignore,
        share_stderr: bool = False,
        own_session: bool = True,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        """Start the command; raises OSError when that is not possible.

        `share_stderr`: the child writes to our standard error itself (a progress bar needs the
        terminal). `own_session`: the child is ended together with everything that it started, and
        Ctrl-C reaches it only through us; False for the child of such a child.
        """
        self._own_session = own_session
        self._grace_seconds = grace_seconds
        self._timed_out_after: float | None = None
        self._ended = threading.Event()
        self._last_lines: list[str] = []
        self._process = subprocess.Popen(
            list(command), env=env, start_new_session=own_session,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=None if share_stderr else subprocess.PIPE,
            text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        self._stderr_reader = threading.Thread(
            target=self._read_stderr, args=(on_stderr,), daemon=True
        )
        self._stderr_reader.start()

    def lines(self) -> Iterator[str]:
        """The lines of standard output without their ends, until the child closes it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield line.rstrip("\r\n")

    def first_line(self, *, seconds: float) -> str | None:
        """The first line of standard output; None when the child ends or the time is over."""
        self.limit(seconds=seconds, until=(got_line := threading.Event()))
        line = next(self.lines(), None)
        got_line.set()
        return line

    def limit(
        self,
        *,
        seconds: float | None = None,
        stop: threading.Event | None = None,
        until: threading.Event | None = None,
    ) -> None:
        """End the child when its time is over or `stop` is set, unless `until` is set before."""
        watcher = threading.Thread(target=self._watch, args=(seconds, stop, until), daemon=True)
        watcher.start()

    def wait(self) -> ChildExit:
        """Wait until the child has ended."""
        code = self._process.wait()
        self._ended.set()
        self._stderr_reader.join(GRACE_SECONDS)
        return ChildExit(code, tuple(self._last_lines), self._timed_out_after)

    def kill(self) -> None:
        """Send SIGKILL to the child, without waiting for its end."""
        self._send(signal.SIGKILL)

    def end(self) -> ChildExit:
        """Send SIGTERM, then SIGKILL after the grace period; also kill its remaining children.

        An exception meanwhile, such as a second Ctrl-C, shortens the grace period.
        """
        try:
            self._end(self._grace_seconds)
        except BaseException:
            self._end(FORCED_SECONDS)
            raise
        finally:
            if self._own_session:
                self._send(signal.SIGKILL)
        return self.wait()

    def _end(self, grace_seconds: float) -> None:
        if self._process.poll() is None:
            self._send(signal.SIGTERM)
            try:
                self._process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                self._send(signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.end()
        finally:
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                if pipe is not None:
                    pipe.close()

    def _send(self, number: signal.Signals) -> None:
        try:
            if self._own_session:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)
        except (ProcessLookupError, PermissionError):
            # Nothing is left of the session; macOS reports PermissionError for a zombie.
            pass

    def _watch(
        self, seconds: float | None, stop: threading.Event | None, until: threading.Event | None
    ) -> None:
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._ended.wait(CHECK_SECONDS):
            if until is not None and until.is_set():
                return
            late = deadline is not None and time.monotonic() >= deadline
            if late or (stop is not None and stop.is_set()):
                self._timed_out_after = seconds if late else None
                self._send(signal.SIGTERM)
                if not self._ended.wait(self._grace_seconds):
                    self._send(signal.SIGKILL)
                return

    def _read_stderr(self, on_stderr: Callable[[str], None]) -> None:
        for line in self._process.stderr or ():
            if line.strip():
                self._last_lines.append(line.strip()[:STDERR_LINE_CHARACTERS])
                del self._last_lines[:-STDERR_LINES]
            on_stderr(line.rstrip("\r\n"))


def run_child(
    command: Sequence[str],
    *,
    on_line: Callable[[str], None] = ignore,
    env: Mapping[str, str] | None = None,
    share_stderr: bool = False,
    seconds: float | None = None,
    stop: threading.Event | None = None,
) -> ChildExit:
    """Run a command to its end, each line of its standard output going to `on_line`.

    Raises OSError when the command cannot be started, and what `on_line` raises.
    """
    with ChildProcess(command, env=env, share_stderr=share_stderr) as child:
        child.limit(seconds=seconds, stop=stop)
        for line in child.lines():
            on_line(line)
        return child.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
