"""Decode an image file of our own machine, as the services decode images of events."""

from pathlib import Path

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings


def read_image(path: Path, settings: ImageSettings | None = None) -> Image:
    """sRGB pixels of one file; raises `Unprocessable`, also when the file cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unprocessable(
            "unreadable_file", f"{path} cannot be read: {error.strerror}; check its path and rights"
        ) from error
    return decode(data, str(path), settings or ImageSettings())


def read_small_image(path: Path, *, side: int) -> Image:
    """Like `read_image`, with no side longer than `side` pixels."""
    return read_image(path, ImageSettings(max_image_side=side))
