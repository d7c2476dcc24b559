"""Look for damage in the cluster's own log before Kafka does.

Kafka cuts this log at the first broken batch, forgets every topic made after it, and drops their
records, all without an error. A batch cut short at the very end is what a power cut leaves behind,
and safe to cut; anything broken before that is damage a person should know of first.
"""

import struct
from pathlib import Path

import crc32c

FOLDER = "__cluster_metadata-0"
_HEADER = struct.Struct(">qiibI")  # base offset, length, leader epoch, magic, CRC-32C of the rest
_MAGIC = 2
_LENGTH_STARTS_AFTER = 12
_CRC_COVERS_FROM = 21


def damaged_at(records: Path) -> str | None:
    """Which file, and from which byte; None when the log is whole."""
    for segment in sorted((records / FOLDER).glob("*.log")):
        position = first_broken_batch(segment.read_bytes())
        if position is not None:
            return f"{FOLDER}/{segment.name} is broken at byte {position}"
    return None


def first_broken_batch(log: bytes) -> int | None:
    position = 0
    while position < len(log):
        end = _end_of_whole_batch(log, position)
        if end is None:
            followed = any(
                _end_of_whole_batch(log, later) for later in range(position + 1, len(log))
            )
            whole_length = _claimed_end(log, position)
            torn = not any(log[position:]) or whole_length is None or whole_length > len(log)
            return position if followed or not torn else None
        position = end
    return None


def _end_of_whole_batch(log: bytes, start: int) -> int | None:
    end = _claimed_end(log, start)
    if end is None or end > len(log):
        return None
    _, _, _, magic, checksum = _HEADER.unpack_from(log, start)
    if magic != _MAGIC or crc32c.crc32c(log[start + _CRC_COVERS_FROM : end]) != checksum:
        return None
    return end


def _claimed_end(log: bytes, start: int) -> int | None:
    """Where the batch says that it ends; None when not even its header is there."""
    if start + _HEADER.size > len(log):
        return None
    end = start + _LENGTH_STARTS_AFTER + int(_HEADER.unpack_from(log, start)[1])
    return max(end, start + _HEADER.size)
