"""Read the header of a BMP: its size, its embedded profile, and the end of its pixels.

Source: BITMAPV5HEADER of the Windows graphics documentation.
"""

import struct
from typing import Final

from shared.images.decoding.encoded_image import BrokenImage, EncodedImage, cut_at

FILE_HEADER_BYTES: Final = 14
OLD_HEADER_BYTES, VERSION_5_BYTES = 12, 124
EMBEDDED: Final = b"DEBM"
"""The color space "MBED": the profile is in the file."""
UNCOMPRESSED: Final = frozenset({0, 3, 6})


def read_bmp(data: bytes) -> EncodedImage:
    """The image of a BMP; raises `BrokenImage`."""
    if len(data) < FILE_HEADER_BYTES + 4:
        raise BrokenImage(cut_at(len(data), "its header"))
    pixels_at, header_bytes = struct.unpack_from("<II", data, 10)
    if len(data) < FILE_HEADER_BYTES + min(header_bytes, VERSION_5_BYTES):
        raise BrokenImage(cut_at(len(data), "its header"))
    if header_bytes == OLD_HEADER_BYTES:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    elif header_bytes >= 40:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    else:
        raise BrokenImage(
            f"has a header of {header_bytes:,} bytes, which no BMP has: it is damaged"
        )
    width, height = abs(width), abs(height)
    needed = pixels_at + (width * bits + 31) // 32 * 4 * height
    cut = None
    if compression in UNCOMPRESSED and needed > len(data):
        cut = cut_at(len(data), "the image data", needed=needed)
    return EncodedImage(
        "BMP", data, size=(width, height), profile=_profile(data, header_bytes), cut=cut
    )


def _profile(data: bytes, header_bytes: int) -> bytes | None:
    header = data[FILE_HEADER_BYTES : FILE_HEADER_BYTES + VERSION_5_BYTES]
    if header_bytes < VERSION_5_BYTES or header[56:60] != EMBEDDED:
        return None
    start, length = struct.unpack_from("<II", header, 112)
    start += FILE_HEADER_BYTES
    return data[start : start + length] or None
