"""An encoded image without its metadata, and the few facts that its pixels need."""

from dataclasses import dataclass, field
from typing import Literal

Format = Literal["PNG", "JPEG", "WEBP", "GIF", "BMP"]


@dataclass(frozen=True)
class EncodedImage:
    """What a format's reader takes from a file; no metadata is decoded for it."""

    format: Format
    data: bytes
    """The image data alone, as a file that Pillow decodes."""
    size: tuple[int, int]
    """Width and height in pixels, from the header."""
    profile: bytes | None = None
    """The ICC profile of the colors; None stands for sRGB."""
    orientation: int = 1
    """EXIF orientation, 1-8; 1 is upright."""
    coefficient_bytes: int = 0
    """Memory for the coefficients of a JPEG that arrives in several scans; 0 for all others."""
    cut: str | None = None
    """Where the file ends too early, as the end of a sentence; None when it is complete."""
    notes: tuple[str, ...] = field(default=())
    """What was ignored although it concerns the colors, each as the end of a sentence."""


class BrokenImage(Exception):
    """The bytes are no image that can be decoded.

    `reason` is the slug of the refusal, `text` the end of a sentence that begins with the name of
    the image.
    """

    def __init__(self, text: str, *, reason: str = "broken_image") -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


def cut_at(end: int, part: str, *, needed: int | None = None) -> str:
    """The end of a sentence about a file of `end` bytes that stops in the middle of `part`."""
    rest = f"; {needed:,} bytes are announced" if needed is not None else ""
    return f"ends after {end:,} bytes, in the middle of {part}{rest}: was it cut off?"
