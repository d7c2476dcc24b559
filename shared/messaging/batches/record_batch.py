"""Read the header of a record batch, and build the batch again without compression."""

import struct
from typing import Final

from shared.events.wire.record import Unreadable
from shared.messaging.batches.codecs import decompress

HEADER: Final = struct.Struct(">qiibIhiqqqhii")
"""Kafka's message format 2: base offset, length, leader epoch, magic, checksum, attributes, last
offset delta, first and largest timestamp, producer id and epoch, base sequence, records."""
LOG_OVERHEAD: Final = struct.calcsize(">qi")
"""Bytes in front of a batch: its first offset (8) and its length (4)."""
ATTRIBUTES: Final = struct.Struct(">h")
ATTRIBUTES_AT: Final = struct.calcsize(">qiibI")
LENGTH: Final = struct.Struct(">i")
LENGTH_AT: Final = struct.calcsize(">q")
CODEC_MASK: Final = 0x07


def codec_of(attributes: int) -> int:
    """The number of the codec; 0 without compression."""
    return attributes & CODEC_MASK


def without_compression(batch: bytes) -> tuple[bytes, Unreadable | None]:
    """The batch with decompressed records, and the problem if only a part could be read.

    The checksum is not computed again: check it before.
    """
    (attributes,) = ATTRIBUTES.unpack_from(batch, ATTRIBUTES_AT)
    payload = decompress(codec_of(attributes), batch[HEADER.size :])
    header = bytearray(batch[: HEADER.size])
    ATTRIBUTES.pack_into(header, ATTRIBUTES_AT, attributes & ~CODEC_MASK)
    LENGTH.pack_into(header, LENGTH_AT, HEADER.size - LOG_OVERHEAD + len(payload.data))
    return bytes(header) + payload.data, payload.problem
