"""Define the record that stands for a part of a batch that cannot be read.

Both clients hand it on like any other record. Its offset is the last one of the part, so the
position moves behind the part wherever a read begins.
"""

from dataclasses import dataclass
from typing import Final, Self

from shared.events.wire.record import Unreadable

NO_TIMESTAMP: Final = -1


class UnreadableValue(bytes):
    """An empty value with the reason why there is no other; not None, which is a tombstone."""

    unreadable: Unreadable

    @classmethod
    def because(cls, unreadable: Unreadable) -> Self:
        value = cls()
        value.unreadable = unreadable
        return value


@dataclass(frozen=True)
class UnreadableRecord:
    """A record with the attributes that aiokafka and kafka-python expect of theirs."""

    offset: int
    timestamp: int
    value: UnreadableValue
    timestamp_type: int = 0
    key: None = None
    checksum: None = None
    headers: tuple[()] = ()
    size_in_bytes: int = 0

    def validate_crc(self) -> bool:
        """True: the checksum of the batch was right."""
        return True


def unreadable_record(
    problem: Unreadable, *, first: int, last: int, timestamp: int
) -> UnreadableRecord:
    """The record for the offsets `first` to `last`."""
    offsets = f"offset {first}" if first == last else f"offsets {first} to {last}"
    detail = (
        f"{offsets} cannot be read: {problem.detail}. Kafka holds the bytes until the topic's"
        " retention ends; find the sender and let it send the events again"
    )
    return UnreadableRecord(
        offset=last,
        timestamp=timestamp,
        value=UnreadableValue.because(Unreadable(problem.reason, detail)),
    )
