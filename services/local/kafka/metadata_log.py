"""Detect damage in the cluster's metadata log before Kafka starts.

Kafka truncates this log at the first corrupt batch, forgets every topic created after it, and
deletes their records, all without an error. An incomplete batch at the very end is left by a power
failure and is safe to truncate; corruption before the end is damage that the user must see first.
"""

import struct
from pathlib import Path

import crc32c

FOLDER = "__cluster_metadata-0"
_HEADER = struct.Struct(">qiibI")  # base offset, length, leader epoch, magic, CRC-32C of the rest
_MAGIC = 2
_LENGTH_STARTS_AFTER = 12
_CRC_COVERS_FROM = 21


def damage_in(records: Path) -> str | None:
    """The first corrupt file and its byte position; None when the log is valid."""
    for segment in sorted((records / FOLDER).glob("*.log")):
        position = first_corrupt_batch(segment.read_bytes())
        if position is not None:
            return f"{FOLDER}/{segment.name} is corrupt at byte {position}"
    return None


def first_corrupt_batch(log: bytes) -> int | None:
    """Byte position of the first corrupt batch; None when all are valid or only the end is cut."""
    position = 0
    while position < len(log):
        end = _end_of_valid_batch(log, position)
        if end is None:
            valid_batch_follows = any(
                _end_of_valid_batch(log, later) for later in range(position + 1, len(log))
            )
            claimed_end = _claimed_end(log, position)
            # Zeros, half a header, or a batch that is longer than the file: the write was cut off.
            cut_off = not any(log[position:]) or claimed_end is None or claimed_end > len(log)
            return position if valid_batch_follows or not cut_off else None
        position = end
    return None


def _end_of_valid_batch(log: bytes, start: int) -> int | None:
    end = _claimed_end(log, start)
    if end is None or end > len(log):
        return None
    _, _, _, magic, checksum = _HEADER.unpack_from(log, start)
    if magic != _MAGIC or crc32c.crc32c(log[start + _CRC_COVERS_FROM : end]) != checksum:
        return None
    return end


def _claimed_end(log: bytes, start: int) -> int | None:
    """End of the batch by its length field; None when the header is incomplete."""
    if start + _HEADER.size > len(log):
        return None
    end = start + _LENGTH_STARTS_AFTER + int(_HEADER.unpack_from(log, start)[1])
    return max(end, start + _HEADER.size)
