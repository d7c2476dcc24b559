"""Find the records that are about one person, in whatever topic they lie."""

import json
from collections.abc import Iterable, Iterator

from shared.domain.errors import Unprocessable
from shared.events.topics import topic_named
from shared.events.types.base import record_key
from shared.events.wire.codec import decode
from shared.events.wire.record import Record


class About:
    """Says whether a record is about a person: by its key, else by what its value says."""

    def __init__(self, *, tenant: str, user_id: str) -> None:
        self._person = (tenant, user_id)
        self._key = record_key(tenant=tenant, user_id=user_id).encode()
        spelled = (json.dumps(user_id), json.dumps(user_id, ensure_ascii=False))
        self._spelled = tuple({text.encode() for text in spelled})

    def __call__(self, record: Record) -> bool:
        if record.key == self._key:
            return True
        value = record.value or b""
        if not any(text in value for text in self._spelled):
            return False
        topic = topic_named(record.topic)
        if topic.event is None:
            # Among dead letters nothing more can be known than that the id stands there.
            return True
        try:
            event = decode(topic, record)
        except Unprocessable:
            return True
        return (event.tenant, event.user_id) == self._person


def records_about(records: Iterable[Record], *, tenant: str, user_id: str) -> Iterator[Record]:
    """Those of the records that are about the person."""
    return filter(About(tenant=tenant, user_id=user_id), records)
