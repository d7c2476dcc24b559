"""Take one record to its effect or to the dead letters, whatever happens on the way."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from shared.domain.clock import Clock, system_clock
from shared.domain.errors import Unavailable, Unprocessable
from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Outgoing, Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letters import (
    Arrival,
    DeadLetterGuard,
    dead_letter,
    without_value,
)
from shared.messaging.consume.retry import waits
from shared.messaging.contract import Delivery, Handle
from shared.messaging.metrics import INTERNAL_ERROR, MessagingMetrics
from shared.observability.logs import about
from shared.observability.tracing import Tracing, describe_current, failed

log = logging.getLogger(__name__)
Sleep = Callable[[float], Awaitable[None]]


class Sender(Protocol):
    """Sends records; returns when they are acknowledged."""

    async def send(self, *records: Outgoing) -> None: ...


class _Fault(Exception):
    """A bug showed itself, and the event is tried again."""


@dataclass
class _Tries:
    """What has been tried with one record since it was delivered."""

    arrival: Arrival
    all: int = 0
    faults: int = 0
    """Those that ended in a bug; waiting for a part does not use them up."""


class Processing:
    """Decode, handle, retry, set aside: what both paths do with one record of one topic."""

    def __init__(
        self,
        topic: Topic,
        handle: Handle[Any],
        *,
        sender: Sender,
        guard: DeadLetterGuard,
        metrics: MessagingMetrics,
        settings: MessagingSettings,
        sleep: Sleep = asyncio.sleep,
        clock: Clock = system_clock,
        tracing: Tracing | None = None,
    ) -> None:
        self.topic = topic
        self._handle = handle
        self._sender = sender
        self._guard = guard
        self._metrics = metrics
        self._settings = settings
        self._sleep = sleep
        self._clock = clock
        self._tracing = tracing or Tracing("untraced")
        metrics.expect(topic.name)

    async def once(self, record: Record) -> None:
        """For the fast path: after the bounded retries, `Unavailable` is the caller's."""
        await self._process(record, most_waits=self._settings.retries)

    async def until_done(self, record: Record) -> None:
        """For the slow path: wait with the event as long as a part is unavailable."""
        await self._process(record, most_waits=None)

    async def _process(self, record: Record, *, most_waits: int | None) -> None:
        with self._tracing.processing(record), about(source=record.source):
            await self._to_its_end(record, most_waits)

    async def _to_its_end(self, record: Record, most_waits: int | None) -> None:
        began = time.monotonic()
        tries = _Tries(self._guard.arrived())
        waited = 0
        with self._metrics.in_flight.labels(self.topic.name).track_inprogress():
            for wait in waits(self._settings):
                tries.all += 1
                try:
                    await self._attempt(record, tries)
                    break
                except _Fault as error:
                    log.warning("%s is tried again in %.1f s: %s", record.source, wait, error)
                except Unavailable as error:
                    waited += 1
                    if most_waits is not None and waited > most_waits:
                        raise
                    log.warning("%s waits %.1f s: %s", record.source, wait, error)
                self._metrics.retries.labels(self.topic.name).inc()
                await self._sleep(wait)
        self._metrics.seconds.labels(self.topic.name).observe(time.monotonic() - began)
        age = max(self._clock().timestamp() - record.timestamp_ms / 1000, 0.0)
        self._metrics.age.labels(self.topic.name).observe(age)

    async def _attempt(self, record: Record, tries: _Tries) -> None:
        try:
            event = decode(self.topic, record)
            with _told_of(event):
                await self._handle(event, Delivery(record))
        except Unprocessable as error:
            await self._set_aside(record, error, tries)
        except Unavailable:
            raise
        except Exception as error:
            tries.faults += 1
            log.exception("%s failed %d times", record.source, tries.faults)
            if tries.faults < self._settings.bug_attempts:
                raise _Fault(f"{type(error).__name__}: {error}") from error
            await self._set_aside(record, _bug(error), tries)
        else:
            self._metrics.handled.labels(self.topic.name).inc()

    async def _set_aside(self, record: Record, error: Unprocessable, tries: _Tries) -> None:
        failed(error.reason)
        self._guard.set_aside(tries.arrival)
        letter = dead_letter(record, error, attempts=tries.all)
        try:
            await self._sender.send(letter)
        except Unprocessable:
            # It came compressed, and is larger than a record may be.
            await self._sender.send(without_value(letter))
        self._metrics.dead_letters.labels(self.topic.name, error.reason).inc()
        log.warning("%s is set aside: %s", record.source, error)


def _told_of(event: Event) -> AbstractContextManager[None]:
    """Spans and logs name the request; the user they leave out."""
    request_id = getattr(event, "request_id", None)
    ids = {"event_id": str(event.event_id), **({"request_id": request_id} if request_id else {})}
    describe_current(**ids)
    return about(**ids)


def _bug(error: Exception) -> Unprocessable:
    return Unprocessable(
        INTERNAL_ERROR,
        f"handling it failed with {type(error).__name__}: {str(error)[:300]}; this is a fault of"
        " the service, whose log has the traceback. Replay the event once it is mended",
    )
