"""Read a batch in kafka-python: every codec, any header name, and unreadable parts as records."""

from typing import Any, Final

from kafka.consumer.fetcher import Fetcher
from kafka.errors import KafkaError
from kafka.record.default_records import DefaultRecordBatch

from shared.events.wire.record import Unreadable
from shared.messaging.batches.codecs import UNREADABLE_BATCH, decompress
from shared.messaging.batches.header_names import AnyHeaderNames
from shared.messaging.batches.record_batch import HEADER, codec_of
from shared.messaging.batches.unreadable_record import unreadable_record

CHECK_REPLICAS: Final = ". Compare the replicas of this partition and the disk of its broker"


class UnreadablePartition(KafkaError):  # type: ignore[misc]  # untyped base
    """A fetched batch cannot be used, such as one with a wrong checksum; the position stays."""

    def __init__(self, partition: tuple[str, int], offset: int, reason: str) -> None:
        topic, number = partition
        super().__init__(
            f"topic {topic}, partition {number} cannot be read at offset {offset}: {reason}"
        )
        self.partition = partition
        self.offset = offset


class TolerantPartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]  # untyped base
    """The records of one partition in a fetch; its errors name the partition and the offset."""

    def take(self, n: int | None = None) -> Any:
        try:
            return super().take(n)
        except Exception as error:
            # Otherwise kafka-python 3.0.12 takes from the ended iterator again and again.
            self.drain()
            partition = (self.topic_partition.topic, self.topic_partition.partition)
            raise UnreadablePartition(partition, self.next_fetch_offset, str(error)) from error


class TolerantBatch(DefaultRecordBatch):  # type: ignore[misc]  # untyped base
    """A batch that ends with one unreadable record where its bytes cannot be read further."""

    _buffer: Any
    _decompressed: Any
    _problem: Unreadable | None = None
    _has_ended = False
    _last_read: int | None = None

    def _maybe_uncompress(self) -> None:
        codec = codec_of(self.attributes)
        if codec and not self._decompressed:
            payload = decompress(codec, bytes(self._buffer[HEADER.size :]))
            self._buffer, self._pos, self._problem = bytearray(payload.data), 0, payload.problem
        self._decompressed = True

    def _read_msg(self, *args: Any, **more: Any) -> Any:
        try:
            return super()._read_msg(*args, **more)
        except UnicodeDecodeError:
            # The position is unchanged: it is set only after the whole record was read.
            self._buffer = AnyHeaderNames(self._buffer)
            return super()._read_msg(*args, **more)

    def __next__(self) -> Any:
        if self._has_ended:
            raise StopIteration
        if self.is_control_batch:
            return super().__next__()
        try:
            record = super().__next__()
            # The slices of the client end silently at the end of the buffer.
            if self._pos > len(self._buffer):
                raise ValueError("the last record is cut off")
            if not self._first_unread <= record.offset <= self.last_offset:
                raise ValueError(f"a record has the offset {record.offset}")
        except StopIteration:
            self._has_ended = True
            raise
        except Exception as error:  # whatever the bytes of a stranger cause
            self._has_ended = True
            if self._first_unread > self.last_offset:
                raise StopIteration from None
            return unreadable_record(
                self._problem or Unreadable(UNREADABLE_BATCH, str(error)[:200]),
                first=self._first_unread,
                last=self.last_offset,
                timestamp=self.max_timestamp,
            )
        self._last_read = record.offset
        return record

    @property
    def _first_unread(self) -> int:
        return self.base_offset if self._last_read is None else self._last_read + 1
