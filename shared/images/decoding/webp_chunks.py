"""Read a WebP: keep the chunks that make the pixels of its first picture, and drop the others.

Source: WebP container specification (RFC 9649, section 2).
"""

import struct
from collections.abc import Iterator
from typing import Final

from shared.images.decoding.encoded_image import BrokenImage, EncodedImage, cut_at
from shared.images.decoding.exif_orientation import UPRIGHT, orientation
from shared.images.decoding.png_color import MAX_PROFILE_BYTES, too_large_profile

HEADER_BYTES: Final = 12
KEPT: Final = frozenset({b"VP8X", b"ALPH", b"VP8 ", b"VP8L", b"ANIM", b"ANMF"})
PICTURES: Final = frozenset({b"VP8 ", b"VP8L", b"ANMF"})
METADATA_FLAGS: Final = 0x20 | 0x08 | 0x04
"""Flags of a profile, EXIF and XMP in the chunk VP8X."""


def read_webp(data: bytes) -> EncodedImage:
    """The first picture of a WebP; raises `BrokenImage`."""
    kept: list[tuple[bytes, bytes]] = []
    profile = exif = None
    picture = False
    cut: str | None = None
    for name, body, whole in _chunks(data):
        if name == b"ICCP" and whole and profile is None:
            profile = body
        elif name == b"EXIF" and whole and exif is None:
            exif = body
        elif name in KEPT and not (picture and name in PICTURES | {b"ALPH"}):
            if not whole:
                cut = cut_at(len(data), "the image data", needed=_announced(data))
            if name == b"VP8X" and len(body) >= 10:
                body = bytes([body[0] & ~METADATA_FLAGS]) + body[1:]
            kept.append((name, body))
            picture = picture or name in PICTURES
    if not picture:
        if _announced(data) > len(data):
            raise BrokenImage(cut_at(len(data), "its header", needed=_announced(data)))
        raise BrokenImage("has no picture in it; save it again as a WebP", reason="no_frames")
    note = None
    if profile is not None and len(profile) > MAX_PROFILE_BYTES:
        profile, note = None, too_large_profile()
    content = b"WEBP" + b"".join(_written(name, body) for name, body in kept)
    return EncodedImage(
        "WEBP",
        b"RIFF" + struct.pack("<I", len(content)) + content,
        size=_size(kept),
        profile=profile,
        orientation=orientation(exif) if exif else UPRIGHT,
        cut=cut,
        notes=(note,) if note else (),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Name and body of each chunk, and whether the file holds all of it."""
    position = HEADER_BYTES
    end_of_file = min(len(data), _announced(data))
    while position + 8 <= end_of_file:
        name, length = struct.unpack_from("<4sI", data, position)
        end = position + 8 + length
        if name in KEPT or name in (b"ICCP", b"EXIF"):
            yield name, data[position + 8 : end], end <= len(data)
        position = end + (length & 1)


def _announced(data: bytes) -> int:
    """Bytes of the file according to its header."""
    return 8 + int(struct.unpack_from("<I", data, 4)[0])


def _size(kept: list[tuple[bytes, bytes]]) -> tuple[int, int]:
    """Width and height of the canvas, or of the picture without one."""
    name, body = kept[0]
    if name == b"VP8X" and len(body) >= 10:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if name == b"VP8 " and len(body) >= 10:
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L" and len(body) >= 5:
        (bits,) = struct.unpack_from("<I", body, 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise BrokenImage("does not begin with a picture: the file is damaged")


def _written(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) & 1)
