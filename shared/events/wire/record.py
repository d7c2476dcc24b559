"""A Kafka record as it lies on the wire, whichever client read or will write it."""

from dataclasses import dataclass

Header = tuple[str, bytes | None]


@dataclass(frozen=True)
class Record:
    """What came in: bytes, and where they stood. Nothing is decoded yet."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """The record's Kafka timestamp, milliseconds since the epoch."""
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()

    @property
    def source(self) -> str:
        """`topic/partition/offset`, as dead letters and logs name it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True)
class Outgoing:
    """What goes out: the bytes of one record and the topic for them."""

    topic: str
    key: bytes | None
    value: bytes | None
    """None is a tombstone, which removes the key from a compacted topic."""
    headers: tuple[Header, ...] = ()
