"""Read a JPEG: keep the segments that make its pixels, and drop the others without decoding them.

Dropped are EXIF, XMP, thumbnails, comments and the further pictures of a multi-picture file, such
as a gain map. Source: ITU-T T.81, annex B; ICC.1:2022, annex B.4 for profiles in APP2.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from shared.images.decoding.encoded_image import BrokenImage, EncodedImage, cut_at
from shared.images.decoding.exif_orientation import PREFIX, UPRIGHT, orientation
from shared.images.decoding.png_color import MAX_PROFILE_BYTES, too_large_profile

START: Final = b"\xff\xd8"
END: Final = b"\xff\xd9"
SCAN: Final = b"\xff\xda"
PROFILE: Final = b"ICC_PROFILE\0"
MAX_SCANS: Final = 100
"""A progressive JPEG has about ten scans. Each one costs a pass over all pixels, even if empty."""
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame header. C4, C8 and CC mean tables and an extension."""
OTHER_FRAMES: Final = {0xC3: "lossless", 0xC7: "lossless", 0xCB: "lossless", 0xCF: "lossless",
                       0xC5: "hierarchical", 0xC6: "hierarchical", 0xCD: "hierarchical",
                       0xCE: "hierarchical"}  # fmt: skip
SEQUENTIAL: Final = frozenset({0xC0, 0xC1, 0xC9})


@dataclass
class _Header:
    """What was read before the first scan."""

    kept: list[bytes] = field(default_factory=lambda: [START])
    profile_parts: list[bytes] = field(default_factory=list)
    exif: bytes | None = None
    frame: tuple[int, bytes] | None = None


def read_jpeg(data: bytes) -> EncodedImage:
    """The first picture of a JPEG; raises `BrokenImage`."""
    header = _Header()
    scan = _read_header(data, header)
    if header.frame is None:
        raise BrokenImage("has image data before its frame header: the file is damaged")
    marker, frame = header.frame
    size, coefficients = _frame(marker, frame, scan_components=data[scan + 4 : scan + 5])
    end = data.find(END, scan)
    if coefficients and data.count(SCAN, scan, end if end >= 0 else len(data)) > MAX_SCANS:
        raise BrokenImage(
            f"is a progressive JPEG of more than {MAX_SCANS} scans; save it as a baseline JPEG"
        )
    profile, note = _joined(header.profile_parts)
    return EncodedImage(
        "JPEG",
        b"".join((*header.kept, memoryview(data)[scan:])),
        size=size,
        profile=profile,
        orientation=orientation(header.exif) if header.exif else UPRIGHT,
        coefficient_bytes=coefficients,
        cut=cut_at(len(data), "the image data") if end < 0 else None,
        notes=(note,) if note else (),
    )


def _read_header(data: bytes, header: _Header) -> int:
    """Collect the segments before the first scan; returns the position of that scan."""
    position = len(START)
    while True:
        # Decoders skip bytes between segments; some cameras pad there.
        position = data.find(b"\xff", position)
        if position < 0 or position + 2 > len(data):
            raise BrokenImage(cut_at(len(data), "its header"))
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            position += 2
            continue
        if marker == END[1]:
            raise BrokenImage("has no image data; save it again as a JPEG")
        if position + 4 > len(data):
            raise BrokenImage(cut_at(len(data), "its header"))
        (length,) = struct.unpack_from(">H", data, position + 2)
        if length < 2:
            raise BrokenImage(f"has a segment without a length at byte {position:,}: it is damaged")
        end = position + 2 + length
        if end > len(data):
            raise BrokenImage(cut_at(len(data), "its header", needed=end))
        if marker == SCAN[1]:
            return position
        _take(header, marker, data[position:end])
        position = end


def _take(header: _Header, marker: int, segment: bytes) -> None:
    body = segment[4:]
    if marker in FRAMES and header.frame is None:
        header.frame = (marker, body)
    if marker == 0xE1:
        if header.exif is None and body.startswith(PREFIX):
            header.exif = body
    elif marker == 0xE2:
        if body.startswith(PROFILE) and len(body) > len(PROFILE) + 2:
            header.profile_parts.append(body[len(PROFILE) :])
    elif marker == 0xE0:
        # Both this and Adobe's segment decide whether the colors are YCbCr.
        if body.startswith(b"JFIF\0"):
            header.kept.append(segment)
    elif marker == 0xEE:
        if body.startswith(b"Adobe"):
            header.kept.append(segment)
    elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
        header.kept.append(segment)


def _frame(marker: int, frame: bytes, *, scan_components: bytes) -> tuple[tuple[int, int], int]:
    """Width and height, and the bytes of coefficients that decoding must keep."""
    if marker in OTHER_FRAMES:
        raise BrokenImage(
            f"is a {OTHER_FRAMES[marker]} JPEG, which only special programs read;"
            " save it as an ordinary JPEG"
        )
    count = frame[5] if len(frame) > 5 else 0
    if count == 0 or len(frame) < 6 + 3 * count:
        raise BrokenImage("has a frame header that is too short: the file is damaged")
    bits, height, width = struct.unpack_from(">BHH", frame)
    if bits != 8:
        raise BrokenImage(f"is a JPEG of {bits} bits a color; save it with 8 bits a color")
    if marker in SEQUENTIAL and scan_components == bytes([count]):
        return (width, height), 0
    factors = [(f >> 4 or 1, f & 15 or 1) for f in frame[7 : 7 + 3 * count : 3]]
    most = max(across for across, _ in factors) * max(down for _, down in factors)
    shares = sum(across * down for across, down in factors) / most
    return (width, height), round(2 * width * height * shares)


def _joined(parts: list[bytes]) -> tuple[bytes | None, str | None]:
    """The profile from its numbered parts, in any order."""
    if not parts:
        return None, None
    by_number = {part[0]: part[2:] for part in parts}
    count = parts[0][1]
    if sorted(by_number) != list(range(1, count + 1)):
        return None, (
            f"its color profile is ignored, because it has {len(by_number)} of {count} parts"
        )
    profile = b"".join(body for _, body in sorted(by_number.items()))
    if len(profile) > MAX_PROFILE_BYTES:
        return None, too_large_profile()
    return profile, None
