"""Count the events that are sent and answered, and report them in one sentence."""

from dataclasses import dataclass
from types import TracebackType

from shared.client import Client
from shared.events.types.base import Event
from shared.messaging.client.connection import Kafka

SEND_AT_ONCE = 50
"""Events between two acknowledgments: the number of sent events is at most this much too low."""


@dataclass
class Progress:
    """How far the command has come."""

    events: int = 0
    sent: int = 0
    answered: int = 0

    def sentence(self) -> str:
        """What was done and what was not."""
        if not self.events or not self.sent:
            return "nothing was sent"
        again = "Run the same command again within an hour: it continues, and no event counts twice"
        rest = (
            "the rest was not sent"
            if self.sent < self.events
            else f"{self.answered} were answered, and the services still answer the others"
        )
        return f"sent {self.sent} of {self.events} events; {rest}. {again}"


class CountingClient(Client):
    """Counts the events that Kafka has acknowledged."""

    def __init__(self, kafka: Kafka, progress: Progress) -> None:
        super().__init__(kafka)
        self._progress = progress

    def send(self, *events: Event) -> None:
        """Send the events in parts, so that an interruption knows how many have arrived.

        Events that are not among them were sent by an earlier run.
        """
        self._progress.sent = self._progress.events - len(events)
        for start in range(0, len(events), SEND_AT_ONCE):
            super().send(*events[start : start + SEND_AT_ONCE])
            self._progress.sent += len(events[start : start + SEND_AT_ONCE])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._producer.__exit__(kind, error, trace)
