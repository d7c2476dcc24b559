"""A Kafka record as bytes, independent of the client that reads or writes it."""

from dataclasses import dataclass

Header = tuple[str, bytes | None]


@dataclass(frozen=True)
class Unreadable:
    """Why the bytes of one or more records could not be read from their batch."""

    reason: str
    """A short, stable identifier for counters."""
    detail: str
    """For a person: the offsets, what failed, and the limit."""


@dataclass(frozen=True)
class Record:
    """A record that was read: its bytes and its position. Nothing is decoded yet."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """The record's Kafka timestamp, milliseconds since the epoch."""
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()
    unreadable: Unreadable | None = None
    """Set when this record stands for a part of a batch that cannot be read; its value is empty."""

    @property
    def source(self) -> str:
        """`topic/partition/offset`, as dead letters and logs show it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True)
class Outgoing:
    """A record to be written: its bytes and its topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    """None is a tombstone: it removes the key from a compacted topic."""
    headers: tuple[Header, ...] = ()
