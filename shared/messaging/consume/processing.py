"""Process one record: decode, handle, retry, or make it a dead letter."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from shared.domain.clock import Clock, system_clock
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.times.time_bounds import no_later_than_arrival, written_time
from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Outgoing, Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letter_guard import Arrival, DeadLetterGuard
from shared.messaging.consume.dead_letter_record import dead_letter, without_value
from shared.messaging.consume.retry import backoff_delays
from shared.messaging.contract import Delivery, Handle, HandleTombstone
from shared.messaging.metrics import INTERNAL_ERROR, MessagingMetrics
from shared.observability.logs import log_context
from shared.observability.tracing import Tracing, describe_current, mark_failed

log = logging.getLogger(__name__)
Sleep = Callable[[float], Awaitable[None]]


class Sender(Protocol):
    """Sends records; returns when Kafka has acknowledged them."""

    async def send(self, *records: Outgoing) -> None: ...


class _UnexpectedError(Exception):
    """The handler failed with an unknown error, and the event is retried."""


@dataclass
class _Attempts:
    """The attempts at one record since its delivery."""

    arrival: Arrival
    total: int = 0
    unexpected_errors: int = 0
    """Attempts that ended in an unknown error; waiting for a dependency does not count."""


class Processing:
    """Processes the records of one topic; all paths use it."""

    def __init__(
        self,
        topic: Topic,
        handle: Handle[Any],
        *,
        handle_tombstone: HandleTombstone | None = None,
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
        self._handle_tombstone = handle_tombstone
        self._sender = sender
        self._guard = guard
        self._metrics = metrics
        self._settings = settings
        self._sleep = sleep
        self._clock = clock
        self._tracing = tracing or Tracing("untraced")
        metrics.expect(topic.name)

    async def once(self, record: Record) -> None:
        """For the fast path: raises `Unavailable` after the configured number of retries."""
        await self._process(record, max_waits=self._settings.retries)

    async def until_done(self, record: Record) -> None:
        """For the slow path: wait as long as a dependency is unavailable."""
        await self._process(record, max_waits=None)

    async def _process(self, record: Record, *, max_waits: int | None) -> None:
        with self._tracing.processing(record), log_context(source=record.source):
            await self._retry_until_done(record, max_waits)

    async def _retry_until_done(self, record: Record, max_waits: int | None) -> None:
        started_at = time.monotonic()
        attempts = _Attempts(self._guard.arrived(record.key))
        waited = 0
        with self._metrics.in_flight.labels(self.topic.name).track_inprogress():
            for delay in backoff_delays(self._settings):
                attempts.total += 1
                try:
                    await self._attempt(record, attempts)
                    break
                except _UnexpectedError as error:
                    log.warning("%s is retried in %.1f s: %s", record.source, delay, error)
                except Unavailable as error:
                    waited += 1
                    if max_waits is not None and waited > max_waits:
                        raise
                    log.warning("%s waits %.1f s: %s", record.source, delay, error)
                self._metrics.retries.labels(self.topic.name).inc()
                await self._sleep(delay)
        self._metrics.seconds.labels(self.topic.name).observe(time.monotonic() - started_at)
        now = self._clock()
        # None: the sender gave the record a timestamp that no clock can have written.
        if (written := written_time(record.timestamp_ms, now=now)) is not None:
            age = max((now - written).total_seconds(), 0.0)
            self._metrics.age.labels(self.topic.name).observe(age)

    async def _attempt(self, record: Record, attempts: _Attempts) -> None:
        try:
            await self._handle_record(record)
        except Unprocessable as error:
            await self._make_dead_letter(record, error, attempts)
        except Unavailable:
            raise
        except Exception as error:
            attempts.unexpected_errors += 1
            log.exception("%s failed %d times", record.source, attempts.unexpected_errors)
            if attempts.unexpected_errors < self._settings.bug_attempts:
                raise _UnexpectedError(f"{type(error).__name__}: {error}") from error
            await self._make_dead_letter(record, _internal_error(error), attempts)
        else:
            self._metrics.handled.labels(self.topic.name).inc()

    async def _handle_record(self, record: Record) -> None:
        is_tombstone = record.value is None and record.unreadable is None
        if is_tombstone and self._handle_tombstone is not None:
            await self._handle_tombstone(Delivery(record))
            return
        event = self._decode(record)
        with _log_ids_of(event):
            await self._handle(event, Delivery(record))

    def _decode(self, record: Record) -> Event:
        """The event of a record, with a time at most that of its arrival in Kafka."""
        now = self._clock()
        event = decode(self.topic, record, now=now)
        occurred_at = no_later_than_arrival(
            event.occurred_at, timestamp_ms=record.timestamp_ms, now=now
        )
        return event.model_copy(update={"occurred_at": occurred_at})

    async def _make_dead_letter(
        self, record: Record, error: Unprocessable, attempts: _Attempts
    ) -> None:
        mark_failed(error.reason)
        if not error.external:
            self._guard.dead_letter(attempts.arrival, error.reason)
        letter = dead_letter(record, error, attempts=attempts.total)
        try:
            await self._sender.send(letter)
        except Unprocessable:
            # It arrived compressed; uncompressed it exceeds the largest record size.
            await self._sender.send(without_value(letter))
        self._metrics.dead_letters.labels(self.topic.name, error.reason).inc()
        log.warning("%s became a dead letter: %s", record.source, error)


def _log_ids_of(event: Event) -> AbstractContextManager[None]:
    """Put event id and request id into span and log, but not the user."""
    request_id = getattr(event, "request_id", None)
    ids = {"event_id": str(event.event_id), **({"request_id": request_id} if request_id else {})}
    describe_current(**ids)
    return log_context(**ids)


def _internal_error(error: Exception) -> Unprocessable:
    return Unprocessable(
        INTERNAL_ERROR,
        f"the handler failed with {type(error).__name__}: {str(error)[:300]}; this is a bug of the"
        " service, and its log has the traceback. Replay the event after the bug is fixed",
    )
