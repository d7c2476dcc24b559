"""Read the orientation from EXIF data and nothing else.

A general parser copies every value that an entry points to; a thousand entries may all point to the
same megabyte.
"""

import struct
from typing import Final

PREFIX: Final = b"Exif\0\0"
ORIENTATION: Final = 0x0112
SHORT, LONG = 3, 4
"""TIFF types of the value: 16 and 32 bits."""
UPRIGHT: Final = 1


def orientation(exif: bytes) -> int:
    """Orientation 1-8 of the first directory; 1 when it is missing or the data is broken."""
    exif = exif.removeprefix(PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 8:
        return UPRIGHT
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    if start + 2 > len(exif):
        return UPRIGHT
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    entries = exif[start + 2 : start + 2 + 12 * count]
    entries = entries[: len(entries) // 12 * 12]
    for tag, kind, _, value in struct.iter_unpack(f"{order}HHI4s", entries):
        if tag == ORIENTATION and kind in (SHORT, LONG):
            (number,) = struct.unpack_from(f"{order}{'H' if kind == SHORT else 'I'}", value)
            return number if 1 <= number <= 8 else UPRIGHT
    return UPRIGHT
