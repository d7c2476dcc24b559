"""A refusal names the true cause, and only files that are cut are called cut."""

import gzip
import io
import struct
import zlib
from collections.abc import Callable
from typing import Final

import pytest
from PIL import Image

from shared.domain.errors import Unprocessable
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from tests.unit.shared.images.bad_images import (
    BMP,
    GIF,
    JPEG,
    PNG,
    WEBP,
    encoded,
    noisy,
    png_header,
)
from tests.unit.shared.images.decoding.profiles import changed, chunk, segment, with_segments

SETTINGS: Final = ImageSettings(max_image_bytes=1_000_000)


def without(png: bytes, name: bytes) -> bytes:
    """A PNG without the chunks of a name."""
    kept, position = png[:8], 8
    while position < len(png):
        (length,) = struct.unpack_from(">I", png, position)
        end = position + 12 + length
        if png[position + 4 : position + 8] != name:
            kept += png[position:end]
        position = end
    return kept


def with_frame(marker: int, *, bits: int = 8) -> bytes:
    """The JPEG with another kind of frame."""
    at = JPEG.index(b"\xff\xc0")
    return changed(changed(JPEG, at + 1, bytes([marker])), at + 4, bytes([bits]))


def brand(name: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + name + b"\0" * 64


NO_FRAMES: Final = GIF[: 13 + 3 * (2 << (GIF[10] & 7))] + b";"
REFUSED: Final[dict[str, tuple[bytes, str, str]]] = {
    "empty": (b"", "empty_image", "has no bytes"),
    "gif without frames": (NO_FRAMES, "no_frames", "a GIF without a picture"),
    "gif of a comment": (NO_FRAMES[:-1] + b"\x21\xfe\3abc\0;", "no_frames", "without a picture"),
    "gif with an unknown block": (NO_FRAMES[:-1] + b"\x77", "broken_image", "unknown block"),
    "webp without a picture": (b"RIFF\4\0\0\0WEBP", "no_frames", "no picture in it"),
    "png without pixels": (without(PNG, b"IDAT"), "broken_image", "no image data"),
    "png without a header": (without(PNG, b"IHDR"), "broken_image", "instead of IHDR"),
    "png wrong checksum of the pixels": (
        PNG[:-16] + b"\0\0\0\0" + PNG[-12:], "broken_image", "wrong checksum in its chunk IDAT"),
    "png wrong checksum of the header": (
        changed(PNG, 29, b"\0\0\0\0"), "broken_image", "wrong checksum in its chunk IHDR"),
    "png of Apple's own": (
        PNG[:8] + chunk(b"CgBI", b"\0" * 4) + PNG[8:], "broken_image", "Apple's own variant"),
    "png saved as text": (PNG.replace(b"\r\n", b"\n"), "not_an_image", "transfer as text"),
    "png with damaged pixels": (
        PNG[:33] + chunk(b"IDAT", zlib.compress(b"abc")[:-3] + b"\0" * 9) + chunk(b"IEND", b""),
        "broken_image", "damaged image data"),
    "png of 0 pixels": (png_header(width=0, height=5), "no_pixels", "0 pixels wide"),
    "jpeg of 0 pixels": (
        changed(JPEG, JPEG.index(b"\xff\xc0") + 5, b"\0\0\0\0"), "no_pixels", "0 pixels wide"),
    "webp too large": (
        changed(encoded(Image.new("RGB", (9, 9)), "WEBP", lossless=True, exif=b"a"), 24,
                b"\xff\xff\xff" * 2),
        "too_many_pixels", "16,777,216 x 16,777,216 pixels"),
    "gif too large": (changed(GIF, 6, b"\xff\xff\xff\xff"), "too_many_pixels", "65,535 x 65,535"),
    "jpeg without pixels": (JPEG[:2] + b"\xff\xd9", "broken_image", "no image data"),
    "jpeg lossless": (with_frame(0xC3), "broken_image", "a lossless JPEG"),
    "jpeg of 12 bits": (with_frame(0xC1, bits=12), "broken_image", "12 bits a color"),
    "jpeg of many scans": (
        encoded(noisy(), "JPEG", progressive=True)[:-2] + (b"\xff\xda\0\x08\1\1\0\0\0\0"
                      * 200) + b"\xff\xd9",
        "broken_image", "more than 100 scans"),
    "html": (b"\n <!DOCTYPE HTML><p>Not found", "not_an_image", "an HTML page"),
    "html without doctype": (b"<head><title>Sign in", "not_an_image", "an HTML page"),
    "json": (b' {"error": "expired"}', "not_an_image", "is JSON"),
    "svg": (b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image", "SVG"),
    "svg in gzip": (gzip.compress(b"<svg/>"), "not_an_image", "gzip, and its content is SVG"),
    "avif": (brand(b"avif"), "not_an_image", "is AVIF"),
    "heic": (brand(b"heic"), "not_an_image", "is HEIC"),
    "heif sequence": (brand(b"msf1"), "not_an_image", "is HEIC"),
    "video": (brand(b"mp42"), "not_an_image", "is a video"),
    "quicktime": (brand(b"qt  "), "not_an_image", "is a video"),
    "webm": (b"\x1aE\xdf\xa3" + b"\0" * 64, "not_an_image", "is a video"),
    "avi": (b"RIFF\0\0\0\0AVI LIST", "not_an_image", "is a video"),
    "sound": (b"RIFF\0\0\0\0WAVEfmt ", "not_an_image", "is sound"),
    "jpeg xl": (b"\xff\x0a" + b"\0" * 64, "not_an_image", "is JPEG XL"),
    "jpeg xl container": (b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0" * 9, "not_an_image", "is JPEG XL"),
    "jpeg 2000": (encoded(noisy(), "JPEG2000"), "not_an_image", "is JPEG 2000"),
    "tiff": (encoded(noisy(), "TIFF"), "not_an_image", "is TIFF"),
    "lab tiff": (encoded(Image.new("LAB", (4, 4)), "TIFF"), "not_an_image", "is TIFF"),
    "big tiff": (b"II+\0\x08\0\0\0", "not_an_image", "is TIFF"),
    "raw": (b"\0\0\0\x18ftypcrx " + b"\0" * 64, "not_an_image", "camera's raw file"),
    "pnm": (encoded(noisy(), "PPM"), "not_an_image", "is PNM"),
    "zip": (b"PK\3\4" + b"\0" * 64, "not_an_image", "ZIP"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "not_an_image", "Git LFS"),
    "zstd": (b"\x28\xb5\x2f\xfd" + b"\0" * 9, "not_an_image", "zstd"),
    "zeros": (b"\0" * 4096, "not_an_image", "only zero bytes"),
    "address": (b"data:image/png;base64,AAAA", "not_an_image", "text of a data: address"),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 64, "not_an_image", "compressed with gzip"),
    "gzip cut": (gzip.compress(PNG)[:-9], "broken_image", "gzip and ends too early"),
    "gzip bomb": (gzip.compress(b"\0" * 50_000_000), "too_many_bytes", "more than 1,000,000 bytes"),
    "gzip twice": (gzip.compress(gzip.compress(PNG)), "not_an_image", "its content is compressed"),
}  # fmt: skip
CUT: Final[dict[str, bytes]] = {
    **{f"{name} {share}": data[: int(len(data) * float(share))]
       for name, data in (("png", PNG), ("jpeg", JPEG), ("gif", GIF), ("webp", WEBP), ("bmp", BMP))
       for share in ("0.1", "0.5", "0.9")},
    "progressive jpeg": encoded(noisy(), "JPEG", progressive=True)[:-400],
    "png in its signature": PNG[:8],
    "png in its header": PNG[:20],
    "jpeg in its header": JPEG[:100],
    "gif in its header": GIF[:10],
    "webp in its header": WEBP[:14],
}  # fmt: skip


def refusal(data: bytes, name: str = "image") -> Unprocessable:
    with pytest.raises(Unprocessable) as refused:
        decode(data, name, SETTINGS)
    return refused.value


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_true_cause(name: str) -> None:
    data, reason, message = REFUSED[name]
    refused = refusal(data, f"https://images.example/{name}.png")
    assert refused.reason == reason
    assert message in refused.detail
    if "gzip cut" not in name:
        assert "cut off" not in refused.detail


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_was_cut_is_called_cut_with_its_length(name: str) -> None:
    data = CUT[name]
    refused = refusal(data)
    assert refused.reason == "broken_image"
    assert f"ends after {len(data):,} bytes, in the middle of" in refused.detail
    assert "was it cut off?" in refused.detail


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP"])
def test_a_cut_file_says_how_many_bytes_were_announced(kind: str) -> None:
    data = encoded(noisy(), kind)
    assert f"{len(data):,} bytes are announced" in refusal(data[: len(data) * 2 // 3]).detail or (
        kind == "PNG"
    )


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green")]
    buffer = io.BytesIO()
    options = {"lossless": True} if kind == "WEBP" else {}
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=40, **options)
    return buffer.getvalue()


ACCEPTED: Final[dict[str, Callable[[], bytes]]] = {
    "animated gif": lambda: animated("GIF"),
    "animated webp": lambda: animated("WEBP"),
    "animated png": lambda: animated("PNG"),
    "png in gzip": lambda: gzip.compress(encoded(Image.new("RGB", (8, 8), "red"), "PNG")),
    "interlaced gif": lambda: encoded(Image.new("RGB", (8, 8), "red"), "GIF", interlace=1),
    "arithmetic order of a jpeg": lambda: encoded(
        Image.new("RGB", (8, 8), "red"), "JPEG", quality=100, subsampling=0, progressive=True),
    "jpeg with restart markers": lambda: encoded(
        Image.new("RGB", (8, 8), "red"), "JPEG", quality=100, subsampling=0,
        restart_marker_blocks=1),
    "jpeg in RGB": lambda: encoded(
        Image.new("RGB", (8, 8), "red"), "JPEG", quality=100, keep_rgb=True),
    "jpeg with a wrong thumbnail": lambda: with_segments(
        encoded(Image.new("RGB", (8, 8), "red"), "JPEG", quality=100, subsampling=0),
        segment(0xE0, b"JFXX\0\x10" + b"\xff" * 99)),
    "bmp of 32 bits": lambda: encoded(Image.new("RGBA", (8, 8), "red"), "BMP"),
    "bmp of 8 bits": lambda: encoded(Image.new("RGB", (8, 8), "red").quantize(4), "BMP"),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_unusual_files_show_their_first_picture(name: str) -> None:
    pixel = decode(ACCEPTED[name](), name, SETTINGS).getpixel((4, 4))
    assert isinstance(pixel, tuple)
    assert max(abs(a - b) for a, b in zip(pixel, (255, 0, 0), strict=True)) <= 3
