"""Leave erased users out of an export, by the requests in Kafka and the table of the lake."""

from collections.abc import Mapping
from datetime import datetime

from services.retrain.lake.erased_users import ErasureTable
from shared.client.topic_reader import events_of
from shared.domain.clock import system_clock
from shared.domain.erasures import Erasure, erased_user_hash
from shared.events.topics import ERASE
from shared.events.types.base import Event, UserEvent
from shared.events.types.erase import UserErase
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import whole_topic


class ErasedUsers:
    """The erasures that are known when an export starts, by the hash of the user."""

    def __init__(self, erasures: Mapping[str, Erasure]) -> None:
        self.known = dict(erasures)

    @classmethod
    def read(cls, kafka: MessagingSettings | None, table: ErasureTable | None) -> "ErasedUsers":
        """From both places; raises `Unavailable`, and the errors of `deltalake`."""
        known = dict(table.known()) if table is not None else {}
        for record in whole_topic(kafka, ERASE) if kafka is not None else ():
            for request in events_of([record], UserErase):
                erasure = Erasure.from_event(
                    request.occurred_at, written_ms=record.timestamp_ms, now=system_clock()
                )
                person = erased_user_hash(tenant=request.tenant, user_id=request.user_id)
                known[person] = erasure.with_earlier(known.get(person))
        return cls(known)

    def covers(self, event: Event, *, written_at: datetime | None) -> bool:
        """Whether the event is about a user and older than that user's erasure."""
        if not isinstance(event, UserEvent):
            return False
        person = erased_user_hash(tenant=event.tenant, user_id=event.user_id)
        erasure = self.known.get(person)
        return erasure is not None and erasure.covers(
            occurred_at=event.occurred_at, written_at=written_at
        )
