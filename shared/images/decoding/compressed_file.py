"""Decompress an image that a host or a store sent as gzip.

Hosts compress on the way although we ask them not to (`Content-Encoding`), and stores keep objects
that were uploaded so. Images compress badly, so the limit of the encoded image is enough.
"""

import re
import zlib
from typing import Final

from shared.images.decoding.encoded_image import BrokenImage

GZIP: Final = b"\x1f\x8b"
START: Final = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
"""Of gzip and zlib, the format of `Content-Encoding: deflate`."""
EITHER_HEADER: Final = zlib.MAX_WBITS | 32


def decompressed(data: bytes, *, max_bytes: int) -> bytes | None:
    """The content of gzip or zlib data; None for other data. Raises `BrokenImage`."""
    if not START.match(data):
        return None
    unpacker = zlib.decompressobj(EITHER_HEADER)
    try:
        # Bounded: some kilobytes may expand to gigabytes.
        content = unpacker.decompress(data, max_bytes + 1)
    except zlib.error as error:
        if not data.startswith(GZIP):
            return None
        raise BrokenImage(
            "is compressed with gzip and cannot be decompressed", reason="not_an_image"
        ) from error
    if len(content) > max_bytes:
        raise BrokenImage(
            f"is compressed with gzip and has more than {max_bytes:,} bytes inside;"
            " send a smaller rendition",
            reason="too_many_bytes",
        )
    if not unpacker.eof and data.startswith(GZIP):
        raise BrokenImage("is compressed with gzip and ends too early: was it cut off?")
    return content
