"""Write an ICC profile of an RGB color space from its primaries and its tone curve.

Source: ICC.1:2022, sections 7 to 10; the Bradford adaptation of annex E.
"""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
"""Chromaticity x and y (CIE 1931)."""
D65: Final = (0.3127, 0.3290)
D50_XYZ: Final = (0.9642, 1.0, 0.8249)
"""White of the profile connection space."""
SRGB_CURVE: Final = None
"""Stands for the piecewise curve of sRGB (IEC 61966-2-1) in place of an exponent."""
SRGB_PARAMETERS: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
BRADFORD: Final = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
SMALLEST_AREA: Final = 1e-3
"""Twice the area of the smallest triangle of primaries; that of sRGB is 0.22."""


@dataclass(frozen=True)
class Primaries:
    """Chromaticities of white, red, green and blue."""

    white: Point
    red: Point
    green: Point
    blue: Point


SRGB: Final = Primaries(D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3: Final = Primaries(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
BT2020: Final = Primaries(D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))


def matrix_profile(
    primaries: Primaries, exponent: float | None, *, name: str = "matrix profile"
) -> bytes:
    """An ICC version 4 display profile; raises `ValueError` for primaries that span no colors."""
    red, green, blue = colorants(primaries).T
    curve = _curve(exponent)
    tags = {
        b"desc": _text(name),
        b"cprt": _text("public domain"),
        b"wtpt": _xyz(D50_XYZ),
        b"rXYZ": _xyz(red),
        b"gXYZ": _xyz(green),
        b"bXYZ": _xyz(blue),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return profile_of(tags, space=b"RGB ")


def profile_of(tags: dict[bytes, bytes], *, space: bytes, kind: bytes = b"mntr") -> bytes:
    """A profile with these tags; `space` is its color space and `kind` its device class."""
    table, bodies = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for signature, body in tags.items():
        table += struct.pack(">4sII", signature, start + len(bodies), len(body))
        bodies += body + b"\0" * (-len(body) % 4)
    size = start + len(bodies)
    header = struct.pack(
        ">I4sI4s4s4s12x4s4xI4s4s8xI3i4s44x",
        size, b"\0\0\0\0", 0x04400000, kind, space, b"XYZ ", b"acsp", 0, b"\0" * 4, b"\0" * 4, 0,
        *(_fixed(value) for value in D50_XYZ), b"\0" * 4,
    )  # fmt: skip
    return header + table + bodies


def colorants(primaries: Primaries) -> npt.NDArray[np.float64]:
    """(3, 3): XYZ of red, green and blue in the columns, adapted to the white D50."""
    points = (primaries.red, primaries.green, primaries.blue)
    (rx, ry), (gx, gy), (bx, by) = points
    area = abs((gx - rx) * (by - ry) - (bx - rx) * (gy - ry))
    if area < SMALLEST_AREA or min(ry, gy, by, primaries.white[1]) <= 0:
        raise ValueError("the primaries span no colors")
    unscaled = np.array([_to_xyz(point) for point in points]).T
    white = np.array(_to_xyz(primaries.white))
    scaled = unscaled * np.linalg.solve(unscaled, white)
    cones, target = BRADFORD @ white, BRADFORD @ np.array(D50_XYZ)
    adaptation = np.linalg.inv(BRADFORD) @ np.diag(target / cones) @ BRADFORD
    adapted: npt.NDArray[np.float64] = adaptation @ scaled
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 100:
        raise ValueError("the primaries span no colors")
    return adapted


def _to_xyz(point: Point) -> tuple[float, float, float]:
    x, y = point
    return x / y, 1.0, (1 - x - y) / y


def _curve(exponent: float | None) -> bytes:
    # Functions 3 and 0: with a linear part, and the power alone.
    function, values = (3, SRGB_PARAMETERS) if exponent is None else (0, (exponent,))
    numbers = b"".join(struct.pack(">i", _fixed(value)) for value in values)
    return b"para\0\0\0\0" + struct.pack(">HH", function, 0) + numbers


def _xyz(values: npt.ArrayLike) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(_fixed(v) for v in np.asarray(values).tolist()))


def _fixed(value: float) -> int:
    """A number with 16 bits after the binary point."""
    return round(value * 65536)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return (
        b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded
    )
