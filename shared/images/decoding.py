"""Turn an image's bytes into upright RGB pixels, or say why they are not an image we take."""

import io
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from shared.errors import Unprocessable
from shared.images.naming import short
from shared.images.settings import ImageSettings

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
WHITE: Final = (255, 255, 255)
SIXTEEN_BITS: Final = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})


def decode(data: bytes, uri: str, settings: ImageSettings) -> Image.Image:
    """RGB pixels, EXIF rotation applied, on white where transparent, scaled to the largest side.

    The content decides, not a suffix or a header of the transport. Raises `Unprocessable`.
    """
    if not data:
        raise Unprocessable("empty_image", f"{short(uri)} has no bytes")
    with warnings.catch_warnings():
        # Pillow warns of bombs and odd metadata; our own limits decide.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                return _decode(opened, uri, settings)
        except Unprocessable:
            raise
        except UnidentifiedImageError as error:
            raise Unprocessable("not_an_image", f"{short(uri)} {_kind(data)}") from error
        except Image.DecompressionBombError as error:
            raise _too_large(uri, settings) from error
        # Damaged files make decoders fail in every way there is: the content is at fault.
        except Exception as error:
            raise Unprocessable(
                "broken_image",
                f"{short(uri)} begins like an image but cannot be decoded"
                f" ({str(error)[:120] or type(error).__name__}); was it cut off?",
            ) from error


def _decode(opened: Image.Image, uri: str, settings: ImageSettings) -> Image.Image:
    width, height = opened.size
    if width < 1 or height < 1:
        raise Unprocessable("no_pixels", f"{short(uri)} is {width} x {height}: it has no pixels")
    if width * height > settings.max_image_pixels:
        raise _too_large(uri, settings)
    side = settings.max_image_side
    if opened.format == "JPEG":
        # The decoder halves while it decodes: a large photograph costs a quarter.
        opened.draft(None, (side, side))
    opened.load()
    upright = ImageOps.exif_transpose(opened)
    rgb = _rgb(upright)
    if max(rgb.size) > side:
        rgb.thumbnail((side, side), Image.Resampling.BICUBIC)
    return rgb


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in SIXTEEN_BITS:
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        ground = Image.new("RGBA", with_alpha.size, (*WHITE, 255))
        return Image.alpha_composite(ground, with_alpha).convert("RGB")
    return image.convert("RGB") if image.mode != "RGB" else image.copy()


def _too_large(uri: str, settings: ImageSettings) -> Unprocessable:
    return Unprocessable(
        "too_many_pixels",
        f"{short(uri)} has more than {settings.max_image_pixels:,} pixels;"
        " send a smaller rendition",
    )


def _kind(data: bytes) -> str:
    """What the bytes are instead, as far as a person can use it."""
    start = data[:512].lstrip().lower()
    takes = "PNG, JPEG, WebP, GIF and BMP are taken"
    if start.startswith((b"<svg", b"<?xml")):
        return f"is SVG or XML, not pixels; {takes}"
    if start.startswith((b"<!doctype html", b"<html")):
        return "is an HTML page, not an image; is it a link to a page that shows the image?"
    return f"is not an image of a kind we know; {takes}"
