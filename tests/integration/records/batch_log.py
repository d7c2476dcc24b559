"""Find the batches in a partition's log file, and damage one where it is on the disk.

A broker checks what producers send, so a damaged batch comes from a disk, or from a broker that
checks less. Kafka reads its log through the page cache, so a change is served at once.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import crc32c

from shared.messaging.batches.record_batch import HEADER, LOG_OVERHEAD

CRC_AT = struct.calcsize(">qiib")
CRC_COVERS_FROM = CRC_AT + 4


@dataclass(frozen=True)
class LogBatch:
    """One batch in a log file."""

    file: Path
    at: int
    data: bytes

    @property
    def base_offset(self) -> int:
        (offset,) = struct.unpack_from(">q", self.data)
        return int(offset)

    @property
    def codec(self) -> int:
        return int(HEADER.unpack_from(self.data)[5]) & 7

    @property
    def payload(self) -> bytes:
        return self.data[HEADER.size :]

    def damage(self, change: Callable[[bytes], bytes], *, keep_checksum: bool) -> None:
        """Replace the payload by one of the same size; with the old checksum it is detected."""
        payload = change(self.payload)
        assert len(payload) == len(self.payload)
        self._write(with_checksum(self.data[: HEADER.size] + payload, keep=keep_checksum))

    def repair(self) -> None:
        """Write the original bytes."""
        self._write(self.data)

    def _write(self, data: bytes) -> None:
        with self.file.open("r+b") as file:
            file.seek(self.at)
            file.write(data)


def batches_of(folder: Path, topic: str, partition: int) -> list[LogBatch]:
    """The batches of a partition below the data folder of a Kafka."""
    (file,) = folder.rglob(f"{topic}-{partition}/*.log")
    data, at, batches = file.read_bytes(), 0, []
    while len(data) - at >= LOG_OVERHEAD:
        (length,) = struct.unpack_from(">i", data, at + LOG_OVERHEAD - 4)
        if length <= 0:
            break  # Kafka reserves space at the end of the file
        batches.append(LogBatch(file, at, data[at : at + LOG_OVERHEAD + length]))
        at += LOG_OVERHEAD + length
    return batches


def with_checksum(data: bytes, *, keep: bool = False) -> bytes:
    """The batch with a right checksum; with `keep`, with the one it has."""
    if keep:
        return data
    checksum = crc32c.crc32c(data[CRC_COVERS_FROM:])
    return data[:CRC_AT] + struct.pack(">I", checksum) + data[CRC_COVERS_FROM:]
