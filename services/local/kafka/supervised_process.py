"""Run a command that ends when this process ends, through a supervisor process."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

SUPERVISOR = Path(__file__).with_name("supervisor.py")
GRACE_SECONDS = 15.0
"""A clean stop takes one or two seconds; a busy machine may need more. Then Java is killed."""


_running: "set[SupervisedProcess]" = set()


def kill_all() -> None:
    """End all commands now, without a clean stop: for a process that ends at once itself."""
    for process in list(_running):
        process.kill()


class SupervisedProcess:
    """A running supervisor and its command; `pid` is the command's."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        lock: int,
        environment: Mapping[str, str] | None = None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._grace_seconds = grace_seconds
        # The supervisor reads the pipe's other end: it sees the end of file when we close or die.
        read_end, self._write_end = os.pipe()
        python = [sys.executable, "-I", "-S", str(SUPERVISOR)]
        try:
            with log.open("wb") as output:
                self._supervisor = subprocess.Popen(
                    [*python, str(read_end), str(lock), str(grace_seconds), *command],
                    cwd=folder,
                    env={**os.environ, **(environment or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=output,
                    pass_fds=(read_end, lock),
                    start_new_session=True,
                )
        except BaseException:
            os.close(self._write_end)
            raise
        finally:
            os.close(read_end)
        assert self._supervisor.stdout is not None
        with self._supervisor.stdout as output_of_supervisor:
            self.pid = int(output_of_supervisor.readline() or 0)
        self.supervisor_pid = self._supervisor.pid
        _running.add(self)

    def is_alive(self) -> bool:
        return self._supervisor.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._supervisor.poll()

    def stop(self) -> None:
        """End the command and wait for its end; a second call does nothing.

        An exception meanwhile, such as a second Ctrl-C, kills the command.
        """
        if self._write_end >= 0:
            os.close(self._write_end)
            self._write_end = -1
        try:
            self._supervisor.wait(self._grace_seconds + 5.0)
        except subprocess.TimeoutExpired:
            self.kill()
        except BaseException:
            self.kill()
            raise
        finally:
            _running.discard(self)

    def kill(self) -> None:
        """End the command now: its data stay valid, and its next start takes longer."""
        if self._supervisor.poll() is None:
            # Two groups: the supervisor, and the command with the processes that it started.
            os.killpg(self._supervisor.pid, signal.SIGKILL)
            if self.pid:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)
            self._supervisor.wait()
