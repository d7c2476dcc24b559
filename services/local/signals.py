"""Stop a local system on a signal, and end it at once on a second one."""

import asyncio
import signal
from collections.abc import Callable

from shared.runtime.received_signals import END_SIGNALS, ReceivedSignals


class StopSignals(ReceivedSignals):
    """The first signal sets `stop`; a second one calls `end_now`."""

    def __init__(self, end_now: Callable[[], None]) -> None:
        super().__init__()
        self.stop = asyncio.Event()
        self._end_now = end_now

    def watch(self) -> None:
        """Handle the signals in the running event loop; `nohup` keeps its effect."""
        loop = asyncio.get_running_loop()
        for number in END_SIGNALS:
            # A shell ignores SIGINT in background jobs, and scripts send it to them nevertheless.
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._handle, number)

    def _handle(self, number: int) -> None:
        is_first = self.first is None
        if self.receive(number):
            if is_first:
                self.stop.set()
            else:
                self._end_now()
