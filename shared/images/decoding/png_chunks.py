"""Read a PNG: keep the chunks that make its pixels, and drop the others without decoding them.

Source: PNG specification, third edition (W3C, 2025), sections 5 and 11.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.images.decoding.encoded_image import BrokenImage, EncodedImage, cut_at
from shared.images.decoding.exif_orientation import UPRIGHT, orientation
from shared.images.decoding.png_color import COLOR_CHUNKS, color_profile

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
HEADER_BYTES: Final = 13
PIXEL_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"IDAT"})
"""Chunks without which there are no pixels: a wrong checksum refuses the image."""
USED: Final = PIXEL_CHUNKS | COLOR_CHUNKS | {b"tRNS", b"eXIf"}


@dataclass(frozen=True)
class _Chunk:
    name: bytes
    body: bytes
    start: int
    """Position of the chunk in the file."""
    sound: bool
    """Whether the checksum is right."""


def read_png(data: bytes) -> EncodedImage:
    """The image of a PNG; raises `BrokenImage`.

    Texts, times and other metadata are skipped unread, whatever their size and checksum. Of an
    animation, the default image is kept.
    """
    first: dict[bytes, _Chunk] = {}
    pixels: list[bytes] = []
    cut: str | None = None
    for chunk in _chunks(data):
        if isinstance(chunk, str):
            cut = chunk
            break
        if not first and chunk.name != b"IHDR":
            raise BrokenImage(_not_first(chunk))
        if chunk.name in PIXEL_CHUNKS and not chunk.sound:
            raise BrokenImage(_damaged(chunk))
        if chunk.name == b"IDAT":
            pixels.append(chunk.body)
        if chunk.sound or chunk.name not in first:
            first.setdefault(chunk.name, chunk)
    if b"IHDR" not in first:
        raise BrokenImage(cut or cut_at(len(data), "its header"))
    header = first[b"IHDR"].body
    if len(header) != HEADER_BYTES:
        raise BrokenImage("has a header of a wrong length: the file is damaged; send the original")
    if not pixels:
        raise BrokenImage(cut or "has no image data (no chunk IDAT); save it again as a PNG")
    sound = {name: chunk.body for name, chunk in first.items() if chunk.sound}
    notes = [
        f"its chunk {name.decode()} is ignored, because its checksum is wrong"
        for name, chunk in first.items()
        if not chunk.sound
    ]
    profile, note = color_profile(sound)
    kept = [(name, sound[name]) for name in (b"IHDR", b"PLTE", b"tRNS") if name in sound]
    return EncodedImage(
        "PNG",
        SIGNATURE
        + b"".join(_written(name, body) for name, body in kept)
        + _written(b"IDAT", b"".join(pixels))
        + _written(b"IEND", b""),
        size=struct.unpack_from(">II", header),
        profile=profile,
        orientation=orientation(sound[b"eXIf"]) if b"eXIf" in sound else UPRIGHT,
        cut=cut,
        notes=(*notes, *([note] if note else [])),
    )


def _chunks(data: bytes) -> Iterator[_Chunk | str]:
    """The used chunks in order, then where the file is cut, if it is.

    The part of a cut IDAT chunk is returned too: it may hold all pixels.
    """
    position, length_of_file = len(SIGNATURE), len(data)
    while position + 8 <= length_of_file:
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if not name.isalpha():
            raise BrokenImage(f"has no PNG chunk at byte {position:,}: the file is damaged")
        if name == b"IEND":
            return
        if name == b"CgBI":
            raise BrokenImage(
                "is a PNG in Apple's own variant (CgBI), which only Apple's programs read; send"
                " the PNG from before the app was built"
            )
        if end > length_of_file:
            if name == b"IDAT":
                yield _Chunk(name, data[position + 8 : end - 4], position, sound=True)
            if name in USED:
                yield cut_at(length_of_file, f"its chunk {name.decode()}", needed=end)
            return
        if name in USED:
            body = data[position + 8 : end - 4]
            (checksum,) = struct.unpack_from(">I", data, end - 4)
            yield _Chunk(name, body, position, zlib.crc32(body, zlib.crc32(name)) == checksum)
        position = end
    yield cut_at(length_of_file, "the file, before its last chunk (IEND)")


def _written(name: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", checksum)


def _damaged(chunk: _Chunk) -> str:
    part = "image data" if chunk.name == b"IDAT" else "header"
    return (
        f"has a wrong checksum in its chunk {chunk.name.decode()} at byte {chunk.start:,}: the"
        f" {part} was changed on its way; send the original file"
    )


def _not_first(chunk: _Chunk) -> str:
    return f"begins with the chunk {chunk.name.decode()} instead of IHDR: the file is damaged"
