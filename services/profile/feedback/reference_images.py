"""Give a reference an address that can be kept: a `data:` image becomes a small one."""

import base64
import io
from typing import Final

from PIL import Image

from shared.images.loader import LoadedImage

KEPT_SIDE: Final = 336
"""Pixels of the longer side: more than nano's 84, and what larger models see of a reference."""
QUALITY: Final = 92


def lasting_uri(image: LoadedImage) -> str:
    """The image's own address, or, when it carries itself, a copy of about 20 KB.

    Forty references of a megabyte each would make every reading of a profile a download.
    """
    if not image.uri.startswith("data:"):
        return image.uri
    small = image.pixels.copy()
    small.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
