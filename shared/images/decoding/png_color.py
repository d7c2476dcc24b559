"""Find the colors that a PNG means: its ICC profile, or its cICP, sRGB, gAMA and cHRM chunks.

The precedence is the one of the PNG specification (third edition, section 4.3), which browsers
follow. `gAMA` or `cHRM` alone is completed with the value of sRGB, as Chrome does.
"""

import struct
import zlib
from collections.abc import Mapping
from typing import Final

from shared.images.decoding.profile_writer import (
    BT2020,
    DISPLAY_P3,
    SRGB,
    SRGB_CURVE,
    Primaries,
    matrix_profile,
)

COLOR_CHUNKS: Final = frozenset({b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"})
MAX_PROFILE_BYTES: Final = 4 * 1024 * 1024
"""The largest profiles in use, of printers, have about 2.7 MB."""
SRGB_GAMMA: Final = 45_455
"""The gamma chunk's value, times 100,000, that writers use for the curve of sRGB."""
GAMMAS: Final = (10_000, 1_000_000)
"""Gamma values, times 100,000, that a picture can mean: exponents from 10 to 0.1."""
CODED_PRIMARIES: Final[Mapping[int, Primaries]] = {1: SRGB, 9: BT2020, 12: DISPLAY_P3}
CODED_EXPONENTS: Final[Mapping[int, float | None]] = {4: 2.2, 5: 2.8, 8: 1.0, 13: SRGB_CURVE}
"""Code points of ITU-T H.273; those of video and HDR would need tone mapping."""


def color_profile(chunks: Mapping[bytes, bytes]) -> tuple[bytes | None, str | None]:
    """The profile of the colors, or None for sRGB; and a note on what was ignored."""
    note = None
    if b"cICP" in chunks:
        profile, note = _coded(chunks[b"cICP"])
        if note is None:
            return profile, None
    if b"iCCP" in chunks:
        return _embedded(chunks[b"iCCP"])
    if b"sRGB" in chunks or not {b"gAMA", b"cHRM"} & set(chunks):
        return None, note
    return _measured(chunks.get(b"gAMA"), chunks.get(b"cHRM"))


def _embedded(body: bytes) -> tuple[bytes | None, str | None]:
    _, zero, rest = body.partition(b"\0")
    if not zero or rest[:1] != b"\0":
        return None, "its color profile is ignored, because its chunk iCCP is damaged"
    unpacker = zlib.decompressobj()
    try:
        # Bounded: a profile of kilobytes may expand to gigabytes.
        profile = unpacker.decompress(rest[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return None, "its color profile is ignored, because it cannot be decompressed"
    if len(profile) > MAX_PROFILE_BYTES:
        return None, too_large_profile()
    return profile, None


def too_large_profile() -> str:
    return f"its color profile is ignored, because it has more than {MAX_PROFILE_BYTES:,} bytes"


def _coded(body: bytes) -> tuple[bytes | None, str | None]:
    primaries, curve = body[:1], body[1:2]
    if (
        body[2:4] != b"\0\1"
        or primaries[0] not in CODED_PRIMARIES
        or curve[0] not in CODED_EXPONENTS
    ):
        return None, f"its color code (cICP {body[:4].hex(' ')}) is of video or HDR and is ignored"
    return matrix_profile(CODED_PRIMARIES[primaries[0]], CODED_EXPONENTS[curve[0]]), None


def _measured(gamma: bytes | None, points: bytes | None) -> tuple[bytes | None, str | None]:
    exponent = SRGB_CURVE
    if gamma is not None and len(gamma) == 4:
        (scaled,) = struct.unpack(">I", gamma)
        if not GAMMAS[0] <= scaled <= GAMMAS[1]:
            return None, f"its gamma of {scaled / 100_000:g} is ignored, because it is impossible"
        exponent = SRGB_CURVE if scaled == SRGB_GAMMA else 100_000 / scaled
    primaries = SRGB
    if points is not None and len(points) == 32:
        x = [value / 100_000 for value in struct.unpack(">8I", points)]
        primaries = Primaries((x[0], x[1]), (x[2], x[3]), (x[4], x[5]), (x[6], x[7]))
    try:
        return matrix_profile(primaries, exponent), None
    except ValueError:
        return None, "its chromaticities are ignored, because they span no colors"
