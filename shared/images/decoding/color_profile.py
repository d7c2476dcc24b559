"""Convert the colors of an image from its ICC profile to sRGB.

The intent is perceptual, as in browsers: Chrome reads only a profile's perceptual table, and
Firefox uses this intent by default. For profiles of a matrix all intents are equal.
"""

import hashlib
import io
import struct
import threading
from collections import OrderedDict
from typing import Final

from PIL import Image, ImageCms

HEADER_BYTES: Final = 128
KINDS: Final = frozenset({b"mntr", b"scnr", b"prtr", b"spac"})
"""Device classes of a profile that describes an image's colors. Device links and abstract
profiles describe a conversion, and named colors a list."""
CONNECTION_SPACES: Final = frozenset({b"XYZ ", b"Lab "})
SPACES: Final = {"L": (b"GRAY", b"RGB "), "RGB": (b"RGB ",), "CMYK": (b"CMYK",)}
"""Color spaces of a profile that fit the mode of an image. Gray pixels can have a profile for RGB:
then all three values are the gray one."""
MODES: Final = {b"GRAY": "L", b"RGB ": "RGB", b"CMYK": "CMYK"}
KEPT_TRANSFORMS: Final = 64
"""Cameras and editors write the same few profiles; a transform takes up to a megabyte."""
SRGB_TOLERANCE: Final = 2
"""Largest change of a value, of 255, by a profile that counts as sRGB itself."""
SMALLEST_RANGE: Final = 64
"""Values between the darkest and the brightest color of a profile that can be meant."""
LATTICE: Final = tuple(range(0, 256, 51)), 6

Transform = ImageCms.ImageCmsTransform


class UnusableProfile(Exception):
    """The profile does not describe the colors of the image; the text says why."""


class ColorTransforms:
    """Transforms to sRGB, remembered by profile; the oldest is dropped first. Thread-safe."""

    def __init__(self, *, size: int = KEPT_TRANSFORMS) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._transforms: OrderedDict[tuple[bytes, str], Transform | UnusableProfile | None] = (
            OrderedDict()
        )

    def to_srgb(self, image: Image.Image, profile: bytes) -> Image.Image:
        """The image in RGB, or RGBA when it has transparency; raises `UnusableProfile`.

        `image` is L, LA, RGB, RGBA or CMYK. Transparency stays as it is. Of a profile that is sRGB
        the image is returned unchanged.
        """
        alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
        mode = {"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode)
        transform = self._transform(profile, mode)
        if transform is None:
            return image
        colors = image if alpha is None else image.convert(mode)
        if colors.mode != transform.input_mode:
            colors = colors.convert(transform.input_mode)
        try:
            converted = transform.apply(colors)
        except (ImageCms.PyCMSError, ValueError, OSError) as error:
            raise UnusableProfile("cannot be applied") from error
        if alpha is not None:
            converted.putalpha(alpha)
        return converted

    def _transform(self, profile: bytes, mode: str) -> Transform | None:
        key = (hashlib.sha256(profile).digest(), mode)
        with self._lock:
            if key in self._transforms:
                self._transforms.move_to_end(key)
                kept = self._transforms[key]
            else:
                kept = self._transforms[key] = _built_or_error(profile, mode)
                if len(self._transforms) > self._size:
                    self._transforms.popitem(last=False)
        if isinstance(kept, UnusableProfile):
            raise kept
        return kept


def _built_or_error(profile: bytes, mode: str) -> Transform | UnusableProfile | None:
    try:
        return _built(profile, mode)
    except UnusableProfile as error:
        return error


def _built(profile: bytes, mode: str) -> Transform | None:
    """The transform from `profile` to sRGB; None when it changes nothing."""
    space = checked_space(profile, mode)
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            MODES[space],
            "RGB",
            ImageCms.Intent.PERCEPTUAL,
        )
        probe = _probe(MODES[space])
        result = transform.apply(probe)
    # The library raises errors of several types for profiles that it cannot read.
    except Exception as error:
        raise UnusableProfile("cannot be read") from error
    grays = result.convert("L").tobytes()
    if max(grays) - min(grays) < SMALLEST_RANGE:
        raise UnusableProfile("makes all colors nearly equal")
    if mode != "CMYK" and _largest_change(probe.convert("RGB"), result) <= SRGB_TOLERANCE:
        return None
    return transform


def checked_space(profile: bytes, mode: str) -> bytes:
    """The color space of a profile that fits an image of this mode; raises `UnusableProfile`."""
    if len(profile) < HEADER_BYTES + 4 or profile[36:40] != b"acsp":
        raise UnusableProfile("is not an ICC profile")
    (size,) = struct.unpack_from(">I", profile)
    if size > len(profile):
        raise UnusableProfile(f"has {len(profile):,} of {size:,} bytes")
    kind, space, connection = profile[12:16], profile[16:20], profile[20:24]
    if kind not in KINDS or connection not in CONNECTION_SPACES:
        raise UnusableProfile(f"is of the class {_shown(kind)}, which describes no image")
    if space not in SPACES[mode]:
        raise UnusableProfile(f"is for {_shown(space)} colors, but the image has {mode}")
    return space


def _probe(mode: str) -> Image.Image:
    """Colors that cover the space of a mode: 256 grays, or a lattice of six values a channel."""
    if mode == "L":
        return Image.frombytes("L", (256, 1), bytes(range(256)))
    values, steps = LATTICE
    channels = len(mode)
    colors = bytes(
        values[index // steps**channel % steps]
        for index in range(steps**channels)
        for channel in range(channels)
    )
    return Image.frombytes(mode, (steps**channels, 1), colors)


def _largest_change(before: Image.Image, after: Image.Image) -> int:
    pairs = zip(before.tobytes(), after.tobytes(), strict=True)
    return max(abs(a - b) for a, b in pairs)


def _shown(signature: bytes) -> str:
    text = signature.decode("ascii", "replace").strip()
    return text if text.isprintable() else "?"
