"""Select the records of any topic that concern one user."""

import json
from collections.abc import Iterable, Iterator

from shared.domain.errors import Unprocessable
from shared.events.topics import topic_named
from shared.events.types.audience import AudienceMatched
from shared.events.types.base import ImageEvent, UserEvent, record_key
from shared.events.wire.codec import decode
from shared.events.wire.record import Record


class IsAboutUser:
    """A predicate over records: compares the key, then the user id in the value."""

    def __init__(self, *, tenant: str, user_id: str) -> None:
        self._user = (tenant, user_id)
        self._key = record_key(tenant=tenant, user_id=user_id).encode()
        spellings = (json.dumps(user_id), json.dumps(user_id, ensure_ascii=False))
        self._spellings = tuple({text.encode() for text in spellings})

    def __call__(self, record: Record) -> bool:
        if record.key == self._key and not _is_about_images(record.topic):
            return True
        value = record.value or b""
        if not any(text in value for text in self._spellings):
            return False
        topic = topic_named(record.topic)
        if topic.event is None:
            # A dead letter may be undecodable: the id in its value is all that can be checked.
            return True
        try:
            event = decode(topic, record)
        except Unprocessable:
            return True
        match event:
            case UserEvent():
                return (event.tenant, event.user_id) == self._user
            case AudienceMatched():
                return any((event.tenant, member.user_id) == self._user for member in event.users)
        return False


def _is_about_images(topic_name: str) -> bool:
    """Whether the keys of a topic name images, one of which may have the user's id."""
    event = topic_named(topic_name).event
    return event is not None and issubclass(event, ImageEvent)


def records_about(records: Iterable[Record], *, tenant: str, user_id: str) -> Iterator[Record]:
    """Those of the records that concern the user."""
    return filter(IsAboutUser(tenant=tenant, user_id=user_id), records)
