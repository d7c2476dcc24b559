"""Files that are not accepted as images, each with the reason of its refusal."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """An image, encoded in a format that Pillow writes."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noisy(mode: str = "RGB") -> Image.Image:
    """Random noise, which does not compress: a cut file has cut pixels."""
    image = Image.effect_noise((64, 48), 90)
    return image.convert(mode)


def png_header(*, width: int, height: int) -> bytes:
    """A PNG with this size in its header and almost no pixels."""
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", body)
        + _chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _replaced(data: bytes, start: int, new: bytes) -> bytes:
    return data[:start] + new + data[start + len(new) :]


PNG = encoded(noisy(), "PNG")
JPEG = encoded(noisy(), "JPEG")
GIF = encoded(noisy("L"), "GIF")
WEBP = encoded(noisy(), "WEBP")
BMP = encoded(noisy(), "BMP")

BAD_FILES: tuple[tuple[str, bytes, str], ...] = (
    ("empty.png", b"", "empty_image"),
    ("truncated.png", _half(PNG), "broken_image"),
    ("truncated.jpg", _half(JPEG), "broken_image"),
    ("truncated.gif", _half(GIF), "broken_image"),
    ("truncated.webp", _half(WEBP), "broken_image"),
    ("truncated.bmp", _half(BMP), "broken_image"),
    ("signature_only.png", PNG[:8], "broken_image"),
    ("cut_in_header.png", PNG[:20], "broken_image"),
    ("start_marker_only.jpg", JPEG[:3], "broken_image"),
    ("wrong_checksum.png", _replaced(PNG, 29, b"\0\0\0\0"), "broken_image"),
    ("garbled_pixels.png", _replaced(PNG, 60, b"\xff" * 64), "broken_image"),
    ("bomb.png", png_header(width=30_000, height=30_000), "too_many_pixels"),
    ("small_bomb.png", png_header(width=10_000, height=6_000), "too_many_pixels"),
    ("bomb.bmp", _replaced(BMP, 18, struct.pack("<ii", 25_000, 25_000)), "too_many_pixels"),
    ("no_width.png", png_header(width=0, height=5), "no_pixels"),
    ("no_height.bmp", _replaced(BMP, 22, struct.pack("<i", 0)), "no_pixels"),
    ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not_an_image"),
    ("drawing_with_prolog.svg", b'<?xml version="1.0"?><svg/>', "not_an_image"),
    ("page.jpg", b"<!DOCTYPE html><html><body>Sign in</body></html>", "not_an_image"),
    ("note.png", b"this is not an image", "not_an_image"),
    ("bmw.bmp", b"BMW is a maker of cars", "not_an_image"),
    ("answer.json", b'{"error": "gone"}', "not_an_image"),
    ("zeros.png", b"\0" * 4096, "not_an_image"),
    ("scan.tiff", encoded(noisy(), "TIFF"), "not_an_image"),
    ("icon.ico", encoded(noisy(), "ICO"), "not_an_image"),
    ("layers.psd", b"8BPS\0\1" + b"\0" * 64, "not_an_image"),
    ("picture.ppm", encoded(noisy(), "PPM"), "not_an_image"),
    ("script.eps", encoded(noisy(), "EPS"), "not_an_image"),
    ("photo.heic", b"\0\0\0\x18ftypheic" + b"\0" * 64, "not_an_image"),
    ("film.mp4", b"\0\0\0\x18ftypisom" + b"\0" * 64, "not_an_image"),
    ("paper.pdf", b"%PDF-1.7\n", "not_an_image"),
    ("archive.zip", b"PK\x03\x04" + b"\0" * 64, "not_an_image"),
    ("packed.png", b"\x1f\x8b\x08" + b"\0" * 64, "not_an_image"),
)
