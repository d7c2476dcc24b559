"""ICC profiles for tests, sound and broken ones, and colors converted by published matrices."""

import io
import struct
import zlib
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from shared.images.decoding.profile_writer import (
    BT2020,
    D65,
    DISPLAY_P3,
    SRGB_CURVE,
    Primaries,
    matrix_profile,
    profile_of,
)

Pixels = npt.NDArray[np.uint8]

ADOBE_RGB: Final = Primaries(D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO: Final = Primaries(
    (0.3457, 0.3585), (0.734699, 0.265301), (0.159597, 0.840403), (0.036598, 0.000105)
)
PROFILES: Final = {
    "Adobe RGB": matrix_profile(ADOBE_RGB, 563 / 256, name="Adobe RGB"),
    "ProPhoto RGB": matrix_profile(PROPHOTO, 1.8, name="ProPhoto RGB"),
    "Display P3": matrix_profile(DISPLAY_P3, SRGB_CURVE, name="Display P3"),
    "BT.2020": matrix_profile(BT2020, 2.4, name="BT.2020"),
}
"""Larger color spaces than sRGB: without their profile, their images look pale."""
SRGB_PROFILE: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

# Matrices of linear values, as Bruce Lindbloom publishes them (Bradford adaptation).
SRGB_TO_XYZ_D65: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip
XYZ_D65_TO_ADOBE: Final = np.array(
    [[2.0413690, -0.5649464, -0.3446944], [-0.9692660, 1.8760108, 0.0415560],
     [0.0134474, -0.1183897, 1.0154096]]
)  # fmt: skip
SRGB_TO_XYZ_D50: Final = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169],
     [0.0139322, 0.0971045, 0.7141733]]
)  # fmt: skip
XYZ_D50_TO_PROPHOTO: Final = np.array(
    [[1.3459433, -0.2556075, -0.0511118], [-0.5445989, 1.5081673, 0.0205351],
     [0.0, 0.0, 1.2118128]]
)  # fmt: skip


def linear(pixels: Pixels) -> npt.NDArray[np.float64]:
    """sRGB values as linear light, 0-1."""
    value = pixels / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def in_adobe_rgb(pixels: Pixels) -> Pixels:
    values = linear(pixels) @ (XYZ_D65_TO_ADOBE @ SRGB_TO_XYZ_D65).T
    return encoded_values(values, 563 / 256)


def in_prophoto(pixels: Pixels) -> Pixels:
    values = linear(pixels) @ (XYZ_D50_TO_PROPHOTO @ SRGB_TO_XYZ_D50).T
    return encoded_values(values, 1.8)


def encoded_values(values: npt.NDArray[np.float64], exponent: float) -> Pixels:
    rounded = np.round(255 * np.clip(values, 0, 1) ** (1 / exponent))
    return np.asarray(rounded, np.uint8)


def converted(image: Image.Image, profile: bytes) -> Image.Image:
    """An sRGB image in the color space of `profile`, as an editor saves it."""
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )  # fmt: skip
    result = transform.apply(image)
    result.info.clear()
    return result


def gray_profile(exponent: float) -> bytes:
    curve = b"para\0\0\0\0" + struct.pack(">HHi", 0, 0, round(exponent * 65536))
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    return profile_of({b"wtpt": white, b"kTRC": curve}, space=b"GRAY")


def cmyk_profile(*, grid: int = 5) -> bytes:
    """A printer's profile: cyan is (0, 110, 160) in sRGB, the other inks are pure."""
    steps = np.linspace(0, 1, grid)
    c, m, y, k = np.meshgrid(steps, steps, steps, steps, indexing="ij")
    inks = np.array([[0, 110, 160], [255, 0, 255], [255, 255, 0], [0, 0, 0]]) / 255
    color = np.ones((*c.shape, 3))
    for amount, ink in zip((c, m, y, k), inks, strict=True):
        color *= 1 - amount[..., None] * (1 - ink)
    rgb = Image.fromarray(np.uint8(np.round(color.reshape(1, -1, 3) * 255)))
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    lab = np.asarray(to_lab.apply(rgb)).astype(np.int16)
    # Pillow keeps a and b as signed bytes; a profile stores them with 128 added.
    table = np.stack([lab[..., 0], (lab[..., 1] + 128) % 256, (lab[..., 2] + 128) % 256], -1)
    ramp = bytes(range(256))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = b"mft1\0\0\0\0" + bytes([4, 3, grid, 0]) + identity + ramp * 4
    lut += np.uint8(table).tobytes() + ramp * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    profile = profile_of({b"wtpt": white, b"A2B0": lut}, space=b"CMYK", kind=b"prtr")
    return changed(changed(profile, 20, b"Lab "), 8, b"\x02\x40\0\0")


def changed(profile: bytes, start: int, new: bytes) -> bytes:
    return profile[:start] + new + profile[start + len(new) :]


def chunk(name: bytes, body: bytes, *, checksum_off_by: int = 0) -> bytes:
    """A PNG chunk."""
    checksum = zlib.crc32(name + body) ^ checksum_off_by
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def with_chunks(png: bytes, *chunks: bytes, after_pixels: bool = False) -> bytes:
    """A PNG with further chunks, after its header or before its end."""
    at = len(png) - 12 if after_pixels else 33
    return png[:at] + b"".join(chunks) + png[at:]


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """A JPEG with further segments at its start."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(body)) + body
