"""A process that cannot outlive us: the parent's side of the guardian."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

GUARDIAN = Path(__file__).with_name("supervisor.py")
GRACE_SECONDS = 15.0
"""A clean stop takes one or two; a loaded machine may need more. Then Java is killed."""


class GuardedProcess:
    """A running guardian and the command it watches over; `pid` is the command's."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        lock: int,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._grace_seconds = grace_seconds
        read, self._lifeline = os.pipe()
        python = [sys.executable, "-I", "-S", str(GUARDIAN)]
        try:
            with log.open("wb") as output:
                self._guardian = subprocess.Popen(
                    [*python, str(read), str(lock), str(grace_seconds), *command],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=output,
                    pass_fds=(read, lock),
                    start_new_session=True,
                )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(read)
        assert self._guardian.stdout is not None
        with self._guardian.stdout as first_words:
            self.pid = int(first_words.readline() or 0)
        self.guardian_pid = self._guardian.pid

    def is_alive(self) -> bool:
        return self._guardian.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._guardian.poll()

    def stop(self) -> None:
        """End it and wait for the end; a second call does nothing."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        try:
            self._guardian.wait(self._grace_seconds + 5.0)
        except subprocess.TimeoutExpired:
            # Its own session: the group is the guardian and Java, nothing else.
            os.killpg(self._guardian.pid, signal.SIGKILL)
            self._guardian.wait()
