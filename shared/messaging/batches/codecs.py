"""Decompress the records of a batch: every codec of Kafka, up to a size limit.

The clients decompress without a limit, so 4 MB could fill the memory of a consumer. All functions
here stop at a limit and keep what they have read so far.
"""

import gzip
import importlib
import io
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from shared.events.wire.record import Unreadable
from shared.settings import InvalidSettings

MAX_BATCH_BYTES: Final = 64 * 1024 * 1024
"""Largest decompressed batch that is read: sixteen times the largest compressed one. Events
compress less than that, because each has its own random id."""
CHUNK_BYTES: Final = 256 * 1024
XERIAL_MAGIC: Final = b"\x82SNAPPY\x00"
"""First bytes of snappy data in blocks, as Java clients write it (`SnappyOutputStream`)."""
XERIAL_HEADER_BYTES: Final = 16

UNREADABLE_BATCH: Final = "unreadable_batch"
"""Reason: the records of the batch do not decompress, or do not have Kafka's format."""
BATCH_TOO_LARGE: Final = "batch_too_large"
"""Reason: the batch decompresses to more than `MAX_BATCH_BYTES`."""


class MissingCodec(InvalidSettings):
    """This environment cannot read a codec of Kafka; the text says what to install."""


@dataclass(frozen=True)
class Payload:
    """The decompressed records of a batch."""

    data: bytes
    """Everything before the problem, if there is one."""
    problem: Unreadable | None = None


def decompress(codec: int, data: bytes, *, max_bytes: int = MAX_BATCH_BYTES) -> Payload:
    """Decompress records; `codec` is the number in the attributes of the batch. Never raises."""
    if codec not in _CODECS:
        return Payload(b"", Unreadable(UNREADABLE_BATCH, f"Kafka has no codec with number {codec}"))
    name, chunks_of = _CODECS[codec]
    read = bytearray()
    try:
        for chunk in chunks_of(data, max_bytes):
            read += chunk
            if len(read) > max_bytes:
                detail = f"the batch has more than {max_bytes} bytes after {name} decompression"
                return Payload(bytes(read[:max_bytes]), Unreadable(BATCH_TOO_LARGE, detail))
    except _TooLarge as error:
        return Payload(bytes(read), Unreadable(BATCH_TOO_LARGE, str(error)))
    except Exception as error:  # each codec has its own error types
        detail = f"{name} decompression failed: {type(error).__name__}: {str(error)[:200]}"
        return Payload(bytes(read), Unreadable(UNREADABLE_BATCH, detail))
    return Payload(bytes(read))


@cache
def require_codecs() -> None:
    """Raise `MissingCodec` unless this environment reads every codec; checks once a process.

    A consumer that meets a codec without a library would read the same batch again for ever.
    """
    for codec, (name, _) in _CODECS.items():
        payload = decompress(codec, _SAMPLES[codec])
        if payload.data != _SAMPLE or payload.problem is not None:
            detail = payload.problem.detail if payload.problem else "the result is wrong"
            raise MissingCodec(
                f"records compressed with {name} cannot be read here: {detail}. Install the"
                f" dependencies of pyproject.toml again ({', '.join(_PACKAGES)})"
            )


class _TooLarge(Exception):
    """The data says that it is larger than the limit."""


def _gzip(data: bytes, _: int) -> Iterator[bytes]:
    return _chunks(gzip.GzipFile(fileobj=io.BytesIO(data), mode="rb").read)


def _lz4(data: bytes, _: int) -> Iterator[bytes]:
    frame = importlib.import_module("lz4.frame")
    return _chunks(frame.LZ4FrameFile(io.BytesIO(data), mode="rb").read)


def _zstd(data: bytes, _: int) -> Iterator[bytes]:
    # Java clients write frames without their size, so the data is read as a stream.
    decompressor = importlib.import_module("zstandard").ZstdDecompressor()
    return _chunks(decompressor.stream_reader(io.BytesIO(data), read_across_frames=True).read)


def _snappy(data: bytes, max_bytes: int) -> Iterator[bytes]:
    snappy = importlib.import_module("cramjam").snappy
    for block in _snappy_blocks(data):
        size = snappy.decompress_raw_len(block)
        if size > max_bytes:
            raise _TooLarge(f"a snappy block has {size} bytes; the limit is {max_bytes}")
        yield bytes(snappy.decompress_raw(block))


def _snappy_blocks(data: bytes) -> Iterator[bytes]:
    if not data.startswith(XERIAL_MAGIC):
        yield data
        return
    position = XERIAL_HEADER_BYTES
    while position < len(data):
        (size,) = struct.unpack_from(">i", data, position)
        block = data[position + 4 : position + 4 + size]
        if size < 0 or len(block) < size:
            raise ValueError(f"a block of {size} bytes is cut off at byte {len(data)}")
        yield block
        position += 4 + size


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(CHUNK_BYTES):
        yield chunk


_CODECS: Final[Mapping[int, tuple[str, Callable[[bytes, int], Iterator[Any]]]]] = {
    1: ("gzip", _gzip),
    2: ("snappy", _snappy),
    3: ("lz4", _lz4),
    4: ("zstd", _zstd),
}
_PACKAGES: Final = ("cramjam", "lz4", "zstandard")
_SAMPLE: Final = b"preferstream"
_SAMPLES: Final[Mapping[int, bytes]] = {
    1: bytes.fromhex("1f8b08000000000002032b284a4d4b2d2a2e294a4dcc0500d1ebb1430c000000"),
    2: bytes.fromhex("82534e415050590000000001000000010000000e0c2c70726566657273747265616d"),
    3: bytes.fromhex("04224d186040820c00008070726566657273747265616d00000000"),
    4: bytes.fromhex("28b52ffd000061000070726566657273747265616d"),
}
"""`_SAMPLE` in each codec, as a Java client writes it."""
