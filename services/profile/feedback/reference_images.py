"""Give a reference an address that can be stored: a `data:` image becomes a small copy."""

import base64
import io
from typing import Final

from PIL import Image

from shared.images.loader import LoadedImage

KEPT_SIDE: Final = 336
"""Longer side of the copy in pixels: more than the 84 of nano, and what larger models see of a
reference."""
QUALITY: Final = 92


def persistent_uri(image: LoadedImage) -> str:
    """The image's own address; of a `data:` image, a `data:` address of a copy of about 20 KB.

    Without the copy, forty references of one megabyte each would make each read of a profile a
    download.
    """
    if not image.uri.startswith("data:"):
        return image.uri
    small = image.pixels.copy()
    small.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
