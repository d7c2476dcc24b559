"""Decode an image's bytes to upright sRGB pixels, or raise why they are refused."""

import io
import logging
import re
import struct
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.images.picture_alpha import ALPHA
from shared.images.decoding.bmp_header import read_bmp
from shared.images.decoding.color_profile import ColorTransforms, UnusableProfile
from shared.images.decoding.compressed_file import decompressed
from shared.images.decoding.encoded_image import BrokenImage, EncodedImage, Format
from shared.images.decoding.gif_blocks import read_gif
from shared.images.decoding.jpeg_segments import read_jpeg
from shared.images.decoding.limits import (
    check_limits,
    leave_costly,
    one_large_image,
    scaled_box,
)
from shared.images.decoding.png_chunks import read_png
from shared.images.decoding.webp_chunks import read_webp
from shared.images.display_name import short
from shared.images.file_types import describe_type, image_format
from shared.images.settings import ImageSettings

log = logging.getLogger(__name__)
READERS: Final[Mapping[Format, Callable[[bytes], EncodedImage]]] = {
    "PNG": read_png,
    "JPEG": read_jpeg,
    "WEBP": read_webp,
    "GIF": read_gif,
    "BMP": read_bmp,
}
WHITE: Final = (255, 255, 255)
SIXTEEN_BITS: Final = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
TRANSPOSITIONS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes an image of this EXIF orientation upright."""
PILLOW_FILTER: Final = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
_filters_lock = threading.Lock()
_transforms = ColorTransforms()


def decode(data: bytes, uri: str, settings: ImageSettings, *, costly: bool = True) -> Image.Image:
    """sRGB pixels, rotated by EXIF, transparent parts white, scaled down to the largest side.

    The content decides the format, not the suffix or a header. Metadata is skipped, whatever its
    size. A color profile is applied; one that cannot be used is ignored with a line in the log.
    Raises `Unprocessable`, `Unavailable` when memory is short, and without `costly` also
    `CostlyImage` before it decodes a large image.
    """
    if not data:
        raise Unprocessable("empty_image", f"{short(uri)} has no bytes")
    _ignore_pillow_warnings()
    try:
        image = _read(data, settings)
        check_limits(image, uri, settings)
        if not costly:
            leave_costly(image)
        with one_large_image(image, settings):
            pixels = _upright(_scaled(image, settings), image.orientation)
    except BrokenImage as error:
        raise Unprocessable(error.reason, f"{short(uri)} {error.text}") from error
    except MemoryError as error:
        raise Unavailable(
            "image decoder", f"{short(uri)} needs more memory than is free now"
        ) from error
    for note in image.notes:
        log.info("%s: %s", short(uri), note)
    return _on_white(_in_srgb(pixels, image.profile, uri))


def _read(data: bytes, settings: ImageSettings) -> EncodedImage:
    content = decompressed(data, max_bytes=settings.max_image_bytes)
    name = image_format(data if content is None else content)
    if name is not None:
        try:
            return READERS[name](data if content is None else content)
        # Strangers write these bytes: an error in a reader must not end the service.
        except (struct.error, IndexError, ValueError) as error:
            raise BrokenImage("has a damaged header; send the original file") from error
    if content is None:
        raise BrokenImage(describe_type(data), reason="not_an_image")
    raise BrokenImage(
        f"is compressed with gzip, and its content {describe_type(content)}", reason="not_an_image"
    )


def _ignore_pillow_warnings() -> None:
    """Ignore Pillow's warnings about bombs and unusual metadata, since our own limits decide.

    The filter stays; `catch_warnings` would replace the filters of the whole process, while several
    threads decode at the same time.
    """
    with _filters_lock:
        if not warnings.filters or warnings.filters[0] != PILLOW_FILTER:
            warnings.filterwarnings("ignore", module=r"PIL\.")


def _scaled(image: EncodedImage, settings: ImageSettings) -> Image.Image:
    """The pixels as L, LA, RGB, RGBA or CMYK, no side longer than the setting."""
    side = settings.max_image_side
    try:
        with Image.open(io.BytesIO(image.data), formats=(image.format,)) as opened:
            if image.format == "JPEG":
                # The decoder scales down while it decodes: a large photo costs a quarter of the
                # time, and a very large one a small part of the memory.
                opened.draft(None, scaled_box(image.size, settings))
            opened.load()
            pixels = _plain(opened)
    except MemoryError:
        raise
    # Damaged files make decoders raise all kinds of errors: the cause is always the content.
    except Exception as error:
        raise BrokenImage(
            image.cut or "has damaged image data, which cannot be decoded; send the original file"
        ) from error
    pixels.thumbnail((side, side), Image.Resampling.BICUBIC)
    # A copy has no reference to the file and its metadata.
    return pixels.copy()


def _plain(image: Image.Image) -> Image.Image:
    """The same pixels with 8 bits a channel, without a palette."""
    if image.mode in SIXTEEN_BITS:
        return image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        wanted = "LA" if image.mode in ("L", "LA") else "RGBA"
    else:
        wanted = {"1": "L", "L": "L", "CMYK": "CMYK"}.get(image.mode, "RGB")
    # A conversion to its own mode would copy the image.
    return image if image.mode == wanted else image.convert(wanted)


def _upright(pixels: Image.Image, orientation: int) -> Image.Image:
    method = TRANSPOSITIONS.get(orientation)
    return pixels if method is None else pixels.transpose(method)


def _in_srgb(pixels: Image.Image, profile: bytes | None, uri: str) -> Image.Image:
    if profile is None:
        return pixels
    try:
        return _transforms.to_srgb(pixels, profile)
    except UnusableProfile as error:
        log.info("%s: its color profile is ignored, because it %s", short(uri), error)
        return pixels


def _on_white(pixels: Image.Image) -> Image.Image:
    """RGB; transparent parts show a white background, and `info` keeps the alpha channel."""
    if pixels.mode in ("LA", "RGBA"):
        with_alpha = pixels.convert("RGBA")
        background = Image.new("RGBA", with_alpha.size, (*WHITE, 255))
        shown = Image.alpha_composite(background, with_alpha).convert("RGB")
        shown.info[ALPHA] = with_alpha.getchannel("A")
        return shown
    return pixels if pixels.mode == "RGB" else pixels.convert("RGB")
