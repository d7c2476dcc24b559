"""End a command on Ctrl-C, SIGTERM or a closed terminal, with one sentence of what was done."""

import os
import shutil
import signal
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from shared.runtime.received_signals import ReceivedSignals, end_signals

GRACE_SECONDS: Final = 3.0
"""For a command that waits for a thread, such as a request to a Kafka that is paused."""
CHILD_SECONDS: Final = 10.0
"""For a command that ends a child process: more than the grace period of the child."""
SHOW_CURSOR: Final = "\x1b[?25h"
"""A progress bar hides it; the process that shows one may have been ended."""


class Interrupted(KeyboardInterrupt):
    """A signal ends the command; like KeyboardInterrupt, no `except Exception` catches it."""


class Interruption:
    """What this process does on a signal, and what it prints at its end."""

    def __init__(self) -> None:
        self.signals = ReceivedSignals()
        self.sentence: Callable[[], str] = lambda: "stopped before the end"
        self.grace_seconds = GRACE_SECONDS

    def watch(self) -> None:
        """Raise `Interrupted` in the main thread on each signal."""
        for number in end_signals():
            signal.signal(number, self._receive)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        is_first = self.signals.first is None
        if not self.signals.receive(number):
            return
        if is_first:
            # Libraries may swallow our exception or wait for long: then the process ends anyway.
            timer = threading.Timer(self.grace_seconds, self.end)
            timer.daemon = True
            timer.start()
        raise Interrupted(number)

    def end(self, code: int | None = None) -> None:
        """Print the sentence and end this process now, without waiting for its threads."""
        try:
            sys.stdout.flush()
            text = f"preferstream: {self.sentence()}"
            if sys.stderr.isatty():
                # Not with rich: another thread of ours may hold its lock.
                columns = shutil.get_terminal_size().columns
                text = SHOW_CURSOR + textwrap.fill(text, columns, break_long_words=False)
            print(text, file=sys.stderr, flush=True)
        except (OSError, ValueError):
            pass  # The terminal or the pipe is gone.
        os._exit(self.signals.exit_code if code is None else code)


interruption: Final = Interruption()
"""Signals belong to the process, so there is one."""


@contextmanager
def interruptible(
    sentence: Callable[[], str], *, grace_seconds: float = GRACE_SECONDS
) -> Iterator[None]:
    """On a signal inside the block, `sentence()` is printed at the end of the command.

    After `grace_seconds` the process ends, whatever it still does.
    """
    before = interruption.sentence, interruption.grace_seconds
    interruption.sentence, interruption.grace_seconds = sentence, grace_seconds
    try:
        yield
    finally:
        if interruption.signals.first is None:
            interruption.sentence, interruption.grace_seconds = before
