"""Count the signals that ask a process to end: the first one, and a second one that insists.

Imports only the standard library: a command uses it before its other imports.
"""

import os
import signal
import time
from typing import Final

END_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
REPEATED_SECONDS: Final = 0.5
"""One wish may arrive as two signals: `make` and a closing shell pass theirs on."""


class ReceivedSignals:
    """The signals that a process has received."""

    def __init__(self) -> None:
        self.first: int | None = None
        """Number of the first signal; it decides the exit code."""
        self._received_at = 0.0
        # Now: a terminal that has closed is none any more.
        self._terminal_streams = [stream for stream in (1, 2) if os.isatty(stream)]

    @property
    def exit_code(self) -> int:
        """128 and the number of the first signal, as shells report it: 130 after Ctrl-C."""
        return 128 + (self.first or 0)

    def receive(self, number: int) -> bool:
        """Note a signal; False if it only repeats the one before.

        A closed terminal never insists: no user waits for the end any more.
        """
        if number == signal.SIGHUP:
            self._discard_terminal_output()
        now = time.monotonic()
        if self.first is not None and (
            number == signal.SIGHUP or now - self._received_at < REPEATED_SECONDS
        ):
            return False
        self.first = self.first or number
        self._received_at = now
        return True

    def _discard_terminal_output(self) -> None:
        """Discard what is written to a closed terminal: the clean-up prints, and must not fail."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in self._terminal_streams:
            os.dup2(nothing, stream)
        os.close(nothing)


def end_signals() -> list[signal.Signals]:
    """The signals to handle: all except those that our parent has us ignore, as `nohup` does."""
    return [number for number in END_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
