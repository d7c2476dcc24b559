"""Read a GIF: keep the blocks that make its first picture, and drop comments and further pictures.

Source: Graphics Interchange Format, version 89a (1990), sections 17 to 27.
"""

import struct
from typing import Final

from shared.images.decoding.encoded_image import BrokenImage, EncodedImage, cut_at

HEADER_BYTES: Final = 13
PICTURE, EXTENSION, TRAILER = 0x2C, 0x21, 0x3B
GRAPHIC_CONTROL: Final = 0xF9
"""The extension that names the transparent color."""


def read_gif(data: bytes) -> EncodedImage:
    """The first picture of a GIF; raises `BrokenImage`."""
    if len(data) < HEADER_BYTES:
        raise BrokenImage(cut_at(len(data), "its header"))
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = HEADER_BYTES + _table_bytes(flags)
    header, control = data[:position], b""
    while position < len(data):
        start = position
        match data[position]:
            case 0x2C:
                end, picture_size = _picture(data, position)
                return EncodedImage(
                    "GIF",
                    header + control + data[start:end] + bytes([0, TRAILER]),
                    size=(max(width, picture_size[0]), max(height, picture_size[1])),
                    cut=cut_at(len(data), "the image data") if end > len(data) else None,
                )
            case 0x21:
                position = _after_blocks(data, position + 2)
                if data[start + 1 : start + 2] == bytes([GRAPHIC_CONTROL]):
                    control = data[start:position]
            case 0x3B:
                raise BrokenImage(
                    "is a GIF without a picture in it; save it again with at least one",
                    reason="no_frames",
                )
            case 0x00:
                # Some writers end a block twice.
                position += 1
            case _:
                raise BrokenImage(f"has an unknown block at byte {position:,}: it is damaged")
    raise BrokenImage(cut_at(len(data), "the file, before its first picture"))


def _picture(data: bytes, start: int) -> tuple[int, tuple[int, int]]:
    """Position after the picture that begins at `start`, and the canvas that it needs."""
    if start + 11 > len(data):
        raise BrokenImage(cut_at(len(data), "the header of its picture"))
    left, top, width, height, flags = struct.unpack_from("<HHHHB", data, start + 1)
    # After the table of colors, one byte has the size of the first code.
    end = _after_blocks(data, start + 10 + _table_bytes(flags) + 1)
    return end, (left + width, top + height)


def _after_blocks(data: bytes, position: int) -> int:
    """Position after a series of blocks; past the end when the file stops inside."""
    while position < len(data):
        length = data[position]
        position += 1 + length
        if length == 0:
            return position
    return len(data) + 1


def _table_bytes(flags: int) -> int:
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0
