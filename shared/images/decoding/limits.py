"""Limit the memory that decoding an image takes, and scale large photographs while decoding."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from shared.domain.errors import Unprocessable
from shared.images.decoding.encoded_image import EncodedImage
from shared.images.display_name import short
from shared.images.settings import ImageSettings

JPEG_SCALES: Final = (8, 4, 2, 1)
"""Factors by which a JPEG can be scaled down while it is decoded."""
LARGE_PIXELS: Final = 8_000_000
"""Decoded pixels from which images are decoded one after another: they take 4 to 22 bytes each."""
LARGE_BYTES: Final = 64 * 1024 * 1024
COSTLY_PIXELS: Final = 4_000_000
"""Pixels from which decoding takes tens of milliseconds and more, even where a JPEG is scaled."""
_large_images = threading.Lock()


class CostlyImage(Exception):
    """Decoding the image takes long, so it is left to the threads for such images."""


def check_limits(image: EncodedImage, uri: str, settings: ImageSettings) -> None:
    """Raise `Unprocessable` when decoding would need too much memory."""
    width, height = image.size
    if width < 1 or height < 1:
        raise Unprocessable(
            "no_pixels", f"{short(uri)} is 0 pixels wide or high; send an image with pixels"
        )
    jpeg = image.format == "JPEG"
    limit = settings.max_jpeg_pixels if jpeg else settings.max_image_pixels
    if width * height > limit:
        raise Unprocessable(
            "too_many_pixels",
            f"{short(uri)} has {width:,} x {height:,} pixels, more than {limit:,} pixels;"
            f" send a smaller rendition{'' if jpeg else _as_jpeg(width * height, settings)}",
        )
    if image.coefficient_bytes > settings.max_progressive_bytes:
        raise Unprocessable(
            "too_many_pixels",
            f"{short(uri)} is a progressive JPEG of {width:,} x {height:,} pixels; decoding it"
            f" needs {image.coefficient_bytes:,} bytes of memory, more than"
            f" {settings.max_progressive_bytes:,}; send it as a baseline JPEG or smaller",
        )


def leave_costly(image: EncodedImage) -> None:
    """Raise `CostlyImage` for an image that takes long to decode."""
    width, height = image.size
    if width * height > COSTLY_PIXELS or image.coefficient_bytes > LARGE_BYTES:
        raise CostlyImage


def scaled_box(size: tuple[int, int], settings: ImageSettings) -> tuple[int, int]:
    """Width and height down to which a JPEG may be scaled while it is decoded.

    Both sides stay above the largest side that is kept, so that little sharpness is lost. Where
    that leaves too many pixels, as in a panorama, the longer side decides alone.
    """
    side, (width, height) = settings.max_image_side, size
    scale = next((s for s in JPEG_SCALES if s <= min(width, height) // side), 1)
    if width * height / scale**2 <= settings.max_image_pixels / 2:
        return side, side
    longest = max(size)
    return max(width * side // longest, 1), max(height * side // longest, 1)


@contextmanager
def one_large_image(image: EncodedImage, settings: ImageSettings) -> Iterator[None]:
    """Decode large images one after another, so that their memory does not add up."""
    width, height = image.size
    pixels = width * height
    if image.format == "JPEG":
        box = scaled_box(image.size, settings)
        scale = next((s for s in JPEG_SCALES if s <= min(width // box[0], height // box[1])), 1)
        pixels //= scale**2
    if pixels > LARGE_PIXELS or image.coefficient_bytes > LARGE_BYTES:
        with _large_images:
            yield
    else:
        yield


def _as_jpeg(pixels: int, settings: ImageSettings) -> str:
    return ", or a JPEG" if pixels <= settings.max_jpeg_pixels else ""
