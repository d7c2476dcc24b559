"""Read records whose header names are not UTF-8: Kafka allows them, its Python clients fail.

aiokafka and kafka-python decode each header name strictly, in code that cannot skip a record. One
such name, which any producer may write, would stop every consumer of its partition for ever. There
is no option and no hook. Therefore the class that reads a batch is replaced by one that tries the
original first.
"""

import struct
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch

FETCHER: Final = "aiokafka.consumer.fetcher"
LOG_OVERHEAD: Final = struct.calcsize(">qi")
"""Bytes in front of a batch: its first offset (8) and its length (4)."""


def accept_any_header_name() -> None:
    """Install the tolerant readers in this process; a second call changes nothing."""
    memory_records.DefaultRecordBatch = TolerantBatch
    fetcher: Any = sys.modules.get(FETCHER)
    if fetcher is not None and fetcher.MemoryRecords is not TolerantRecords:
        fetcher.MemoryRecords = TolerantRecords


class _Name(bytearray):
    """Bytes that always decode: the byte `b"\\xff"` becomes the four characters `\\xff`."""

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return bytes(self).decode(encoding, errors)


class _Names(bytearray):
    """A buffer whose slices are `_Name`; both clients convert keys and values to `bytes`."""

    def __getitem__(self, at: Any) -> Any:
        item = super().__getitem__(at)
        return _Name(item) if isinstance(at, slice) else item


class TolerantBatch(DefaultRecordBatch):  # type: ignore[misc]  # untyped base
    """A batch of kafka-python that accepts any header name."""

    _buffer: Any

    def _read_msg(self, *args: Any, **more: Any) -> Any:
        try:
            return super()._read_msg(*args, **more)
        except UnicodeDecodeError:
            # The position is unchanged: it is set only after the whole record was read.
            self._buffer = _Names(self._buffer)
            return super()._read_msg(*args, **more)


class TolerantRecords:
    """The batches of one fetch of aiokafka, which accept any header name."""

    def __init__(self, data: bytes) -> None:
        from aiokafka.record.memory_records import MemoryRecords

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
    """A batch of aiokafka: read in C, or in Python after a header name that is not UTF-8."""

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._batch:
                read += 1
                yield record
        except UnicodeDecodeError:
            yield from islice(_read_in_python(self._data), read, None)


def _read_in_python(data: memoryview) -> Any:
    from aiokafka.record.default_records import _DefaultRecordBatchPy

    batch: Any = _DefaultRecordBatchPy(bytes(data))
    iter(batch)  # this also decompresses the batch
    batch._buffer = _Names(batch._buffer)
    return batch


def _slices(data: bytes) -> Iterator[memoryview]:
    whole, at = memoryview(data), 0
    while len(whole) - at >= LOG_OVERHEAD:
        (length,) = struct.unpack_from(">i", whole, at + LOG_OVERHEAD - 4)
        yield whole[at : (at := at + LOG_OVERHEAD + length)]
