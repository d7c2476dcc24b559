"""Decode an image's bytes to upright RGB pixels, or raise why they are refused."""

import io
import re
import threading
import warnings
from typing import Final

from PIL import Image, ImageOps

from shared.domain.errors import Unprocessable
from shared.images.display_name import short
from shared.images.file_types import describe_type, has_no_pixels, starts_like_an_image
from shared.images.settings import ImageSettings

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
WHITE: Final = (255, 255, 255)
SIXTEEN_BITS: Final = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
PILLOW_FILTER: Final = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
_filters_lock = threading.Lock()


def decode(data: bytes, uri: str, settings: ImageSettings) -> Image.Image:
    """RGB pixels, rotated by EXIF, transparent parts white, scaled down to the largest side.

    The content decides the format, not the suffix or a header. Raises `Unprocessable`.
    """
    if not data:
        raise Unprocessable("empty_image", f"{short(uri)} has no bytes")
    _ignore_pillow_warnings()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            return _decode(opened, uri, settings)
    except Unprocessable:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(uri, settings) from error
    # Damaged files make decoders raise all kinds of errors: the cause is always the content.
    except Exception as error:
        if has_no_pixels(data):
            raise _no_pixels(uri) from error
        if not starts_like_an_image(data):
            raise Unprocessable("not_an_image", f"{short(uri)} {describe_type(data)}") from error
        raise Unprocessable(
            "broken_image",
            f"{short(uri)} starts like an image but cannot be decoded; was it cut off?",
        ) from error


def _ignore_pillow_warnings() -> None:
    """Ignore Pillow's warnings about bombs and unusual metadata, since our own limits decide.

    The filter stays; `catch_warnings` would replace the filters of the whole process, while several
    threads decode at the same time.
    """
    with _filters_lock:
        if not warnings.filters or warnings.filters[0] != PILLOW_FILTER:
            warnings.filterwarnings("ignore", module=r"PIL\.")


def _decode(opened: Image.Image, uri: str, settings: ImageSettings) -> Image.Image:
    width, height = opened.size
    if width < 1 or height < 1:
        raise _no_pixels(uri)
    if width * height > settings.max_image_pixels:
        raise _too_large(uri, settings)
    side = settings.max_image_side
    if opened.format == "JPEG":
        # The decoder scales down while it decodes: a large photo costs a quarter of the time.
        opened.draft(None, (side, side))
    opened.load()
    rgb = _rgb(_upright(opened))
    if max(rgb.size) > side:
        rgb.thumbnail((side, side), Image.Resampling.BICUBIC)
    return rgb


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    # The pixels are decoded already; broken metadata does not matter.
    except Exception:
        return image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in SIXTEEN_BITS:
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        background = Image.new("RGBA", with_alpha.size, (*WHITE, 255))
        return Image.alpha_composite(background, with_alpha).convert("RGB")
    return image.convert("RGB") if image.mode != "RGB" else image.copy()


def _no_pixels(uri: str) -> Unprocessable:
    return Unprocessable(
        "no_pixels", f"{short(uri)} is 0 pixels wide or high; send an image with pixels"
    )


def _too_large(uri: str, settings: ImageSettings) -> Unprocessable:
    return Unprocessable(
        "too_many_pixels",
        f"{short(uri)} has more than {settings.max_image_pixels:,} pixels;"
        " send a smaller rendition",
    )
