"""Read batches in aiokafka: every codec, any header name, and unreadable parts as records."""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from shared.events.wire.record import Unreadable
from shared.messaging.batches.codecs import UNREADABLE_BATCH
from shared.messaging.batches.header_names import AnyHeaderNames
from shared.messaging.batches.record_batch import LOG_OVERHEAD, without_compression
from shared.messaging.batches.unreadable_record import unreadable_record


class UnreadablePartition(KafkaError):  # type: ignore[misc]  # untyped base
    """A fetched batch cannot be used, such as one with a wrong checksum; the position stays."""

    def __init__(self, partition: TopicPartition, offset: int, reason: str) -> None:
        super().__init__(
            f"{partition.topic}/{partition.partition} cannot be read at offset {offset}: {reason}"
        )
        self.partition = partition
        self.offset = offset
        self.reason = reason


class TolerantPartitionRecords(PartitionRecords):  # type: ignore[misc]  # untyped base
    """The records of one partition in a fetch; its errors name the partition and the offset."""

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except StopIteration:
            raise
        except Exception as error:
            reason = str(error) or type(error).__name__
            raise UnreadablePartition(self._tp, self.next_fetch_offset, reason) from error


class TolerantRecords:
    """The batches of one partition in a fetch."""

    def __init__(self, data: bytes) -> None:
        self._records: Any = MemoryRecords(data)
        self._slices = _slices(data)

    def size_in_bytes(self) -> int:
        size: int = self._records.size_in_bytes()
        return size

    def has_next(self) -> bool:
        has: bool = self._records.has_next()
        return has

    def next_batch(self) -> Any:
        batch = self._records.next_batch()
        return None if batch is None else _Batch(batch, next(self._slices))


class _Batch:
    """A batch that ends with one unreadable record where its bytes cannot be read further."""

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        if not isinstance(self._batch, DefaultRecordBatch):
            yield from self._batch  # a format before Kafka 0.11, which only the client reads
            return
        batch, data, problem = self._batch, self._data, None
        if batch.compression_type:
            plain, problem = without_compression(bytes(data))
            batch, data = DefaultRecordBatch(plain), memoryview(plain)
        first, last = batch.base_offset, batch.next_offset - 1
        unread = first
        try:
            for record in _any_header_name(batch, data):
                if not unread <= record.offset <= last:
                    raise ValueError(f"a record has the offset {record.offset}")
                yield record
                unread = record.offset + 1
        except Exception as error:  # whatever the bytes of a stranger cause
            problem = problem or Unreadable(UNREADABLE_BATCH, str(error)[:200])
            if unread <= last:
                timestamp = batch.max_timestamp
                yield unreadable_record(problem, first=unread, last=last, timestamp=timestamp)


def _any_header_name(batch: Any, data: memoryview) -> Iterator[Any]:
    """The records, read in C, or in Python after a header name that is not UTF-8."""
    read = 0
    try:
        for record in batch:
            read += 1
            yield record
    except UnicodeDecodeError:
        yield from islice(_read_in_python(data), read, None)


def _read_in_python(data: memoryview) -> Iterator[Any]:
    batch: Any = _DefaultRecordBatchPy(bytes(data))
    iter(batch)  # decompression is done already; this only sets a flag
    batch._buffer = AnyHeaderNames(batch._buffer)
    for record in batch:
        # The slices of the client end silently at the end of the buffer.
        if batch._pos > len(batch._buffer):
            raise ValueError("the last record is cut off")
        yield record


def _slices(data: bytes) -> Iterator[memoryview]:
    whole, at = memoryview(data), 0
    while len(whole) - at >= LOG_OVERHEAD:
        (length,) = struct.unpack_from(">i", whole, at + LOG_OVERHEAD - 4)
        yield whole[at : (at := at + LOG_OVERHEAD + max(length, 0))]
