"""Turn an image's bytes into upright RGB pixels, or say why they are not an image we take."""

import io
import re
import threading
import warnings
from typing import Final

from PIL import Image, ImageOps

from shared.domain.errors import Unprocessable
from shared.images.display_name import short
from shared.images.file_types import begins_like_an_image, has_no_pixels, told_kind
from shared.images.settings import ImageSettings

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
WHITE: Final = (255, 255, 255)
SIXTEEN_BITS: Final = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
OF_PILLOW: Final = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
_filters = threading.Lock()


def decode(data: bytes, uri: str, settings: ImageSettings) -> Image.Image:
    """RGB pixels, EXIF rotation applied, on white where transparent, scaled to the largest side.

    The content decides, not a suffix or a header of the transport. Raises `Unprocessable`.
    """
    if not data:
        raise Unprocessable("empty_image", f"{short(uri)} has no bytes")
    _hush_pillow()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            return _decode(opened, uri, settings)
    except Unprocessable:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(uri, settings) from error
    # Damaged files make decoders fail in every way there is: the content is at fault.
    except Exception as error:
        if has_no_pixels(data):
            raise _no_pixels(uri) from error
        if not begins_like_an_image(data):
            raise Unprocessable("not_an_image", f"{short(uri)} {told_kind(data)}") from error
        raise Unprocessable(
            "broken_image",
            f"{short(uri)} begins like an image but cannot be decoded; was it cut off?",
        ) from error


def _hush_pillow() -> None:
    """Let Pillow not warn of bombs and odd metadata, since our own limits decide.

    A filter that stays, and not `catch_warnings`: that one exchanges the filters of the whole
    process, and several threads decode at a time.
    """
    with _filters:
        if not warnings.filters or warnings.filters[0] != OF_PILLOW:
            warnings.filterwarnings("ignore", module=r"PIL\.")


def _decode(opened: Image.Image, uri: str, settings: ImageSettings) -> Image.Image:
    width, height = opened.size
    if width < 1 or height < 1:
        raise _no_pixels(uri)
    if width * height > settings.max_image_pixels:
        raise _too_large(uri, settings)
    side = settings.max_image_side
    if opened.format == "JPEG":
        # The decoder halves while it decodes: a large photograph costs a quarter.
        opened.draft(None, (side, side))
    opened.load()
    rgb = _rgb(_upright(opened))
    if max(rgb.size) > side:
        rgb.thumbnail((side, side), Image.Resampling.BICUBIC)
    return rgb


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    # Broken metadata says nothing about the pixels, which have been decoded.
    except Exception:
        return image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in SIXTEEN_BITS:
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        ground = Image.new("RGBA", with_alpha.size, (*WHITE, 255))
        return Image.alpha_composite(ground, with_alpha).convert("RGB")
    return image.convert("RGB") if image.mode != "RGB" else image.copy()


def _no_pixels(uri: str) -> Unprocessable:
    return Unprocessable("no_pixels", f"{short(uri)} says that it is 0 pixels wide or high")


def _too_large(uri: str, settings: ImageSettings) -> Unprocessable:
    return Unprocessable(
        "too_many_pixels",
        f"{short(uri)} has more than {settings.max_image_pixels:,} pixels;"
        " send a smaller rendition",
    )
