"""Read the feedback of all users from Kafka, in every instance, and count it as popularity."""

import asyncio
import logging
from collections import OrderedDict
from typing import Final

from services.assessor.popularity.counts import Popularity
from shared.client.asynchronous import AsyncClient
from shared.domain.clock import system_clock
from shared.domain.erasures import Erasure
from shared.domain.errors import Unprocessable
from shared.domain.times.time_bounds import no_later_than_arrival, written_time
from shared.domain.user import User
from shared.events import Feedback, UserErase
from shared.events.topics import ERASE, FEEDBACK, Topic
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import tail

log = logging.getLogger(__name__)
FEEDBACK_READ_AT_START: Final = 5_000
"""Latest records of each partition that are counted at the start: about a second of reading."""
ERASURES_READ_AT_START: Final = 5_000
"""Latest erasures of each partition; older feedback than these is not counted at all."""
MAX_ERASURES: Final = 20_000


class FeedbackReader(AsyncClient):
    """Reads without a consumer group and commits nothing; bad records are left out.

    The profile service makes dead letters of them. An erasure removes the opinions of its user
    from every instance, and feedback that it covers is not counted, also after a restart.
    """

    def __init__(self, settings: MessagingSettings, popularity: Popularity) -> None:
        super().__init__(settings, topics=(FEEDBACK, ERASE))
        self._popularity = popularity
        self._erasures: OrderedDict[User, Erasure] = OrderedDict()

    async def start(self) -> None:
        """Read from the ends of the topics, then count the latest records before them."""
        await super().start()
        assert self._reader is not None
        self._reader.add_done_callback(_log_failure)
        # First the erasures, which decide what of the feedback counts.
        for topic, number in ((ERASE, ERASURES_READ_AT_START), (FEEDBACK, FEEDBACK_READ_AT_START)):
            for record, event in await asyncio.to_thread(self._latest, topic, number):
                self.dispatch(record, event)

    def dispatch(self, record: Record, event: Event | None) -> None:
        if isinstance(event, Feedback):
            if not self._is_erased(event, record):
                at = no_later_than_arrival(
                    event.occurred_at, timestamp_ms=record.timestamp_ms, now=system_clock()
                )
                self._popularity.add(event, at=at)
        elif isinstance(event, UserErase):
            self._erase(event, record)

    def _latest(self, topic: Topic, number: int) -> list[tuple[Record, Event]]:
        events = []
        for record in tail(self._settings, topic, max_per_partition=number):
            if record.value is None:
                continue
            try:
                events.append((record, decode(topic, record)))
            except Unprocessable as error:
                log.info("%s does not count as popularity: %s", record.source, error)
        return events

    def _erase(self, event: UserErase, record: Record) -> None:
        user = User(event.tenant, event.user_id)
        erasure = Erasure.from_event(
            event.occurred_at, written_ms=record.timestamp_ms, now=system_clock()
        )
        self._erasures[user] = erasure.with_earlier(self._erasures.get(user))
        self._erasures.move_to_end(user)
        if len(self._erasures) > MAX_ERASURES:
            self._erasures.popitem(last=False)
        self._popularity.forget(user)

    def _is_erased(self, event: Feedback, record: Record) -> bool:
        erasure = self._erasures.get(User(event.tenant, event.user_id))
        return erasure is not None and erasure.covers(
            occurred_at=event.occurred_at, written_at=written_time(record.timestamp_ms)
        )


def _log_failure(reader: asyncio.Task[None]) -> None:
    if not reader.cancelled() and (error := reader.exception()) is not None:
        log.error("popularity no longer follows the feedback, until a restart: %r", error)
