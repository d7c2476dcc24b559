"""Bytes are decoded to upright RGB pixels, or refused with the name of their type."""

import asyncio
import io
import warnings

import pytest
from PIL import Image

from shared.domain.errors import Unprocessable
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from tests.unit.shared.images.bad_images import BAD_FILES, GIF, JPEG, PNG, encoded, noisy

SETTINGS = ImageSettings()
RED, GREEN, WHITE = (255, 0, 0), (0, 128, 0), (255, 255, 255)


def plain(mode: str, color: int | str | tuple[int, ...]) -> Image.Image:
    return Image.new(mode, (6, 4), color)


def palette(*, transparent: bool) -> bytes:
    image = plain("P", 1)
    image.putpalette([0, 0, 0, *RED])
    return encoded(image, "PNG", **({"transparency": bytes([255, 0])} if transparent else {}))


def animated_gif() -> bytes:
    return encoded(plain("RGB", RED), "GIF", save_all=True, append_images=[plain("RGB", GREEN)])


GOOD = (
    ("rgb png", encoded(plain("RGB", RED), "PNG"), RED),
    ("jpeg", encoded(plain("RGB", RED), "JPEG", quality=100, subsampling=0), RED),
    ("gray jpeg", encoded(plain("L", 99), "JPEG", quality=100), (99, 99, 99)),
    ("cmyk jpeg", encoded(plain("CMYK", (0, 255, 255, 0)), "JPEG", quality=100), RED),
    ("multi-picture jpeg", encoded(plain("RGB", RED), "MPO", quality=100, subsampling=0), RED),
    ("webp", encoded(plain("RGB", RED), "WEBP", lossless=True), RED),
    ("webp with alpha", encoded(plain("RGBA", (0, 0, 0, 0)), "WEBP", lossless=True), WHITE),
    ("gif", encoded(plain("RGB", RED), "GIF"), RED),
    ("first frame of a gif", animated_gif(), RED),
    ("bmp", encoded(plain("RGB", RED), "BMP"), RED),
    ("gray png", encoded(plain("L", 99), "PNG"), (99, 99, 99)),
    ("one-bit png", encoded(plain("1", 1), "PNG"), WHITE),
    ("palette png", palette(transparent=False), RED),
    ("transparent palette png", palette(transparent=True), WHITE),
    ("16-bit gray png", encoded(plain("I;16", 40_000), "PNG"), (156, 156, 156)),
    ("half transparent png", encoded(plain("RGBA", (255, 0, 0, 128)), "PNG"), (255, 127, 127)),
    ("gray png with alpha", encoded(plain("LA", (0, 0)), "PNG"), WHITE),
    ("png with a color for clear", encoded(plain("RGB", RED), "PNG", transparency=RED), WHITE),
)


@pytest.mark.parametrize(("data", "color"), [row[1:] for row in GOOD], ids=[r[0] for r in GOOD])
def test_every_format_and_color_mode_becomes_the_same_rgb(
    data: bytes, color: tuple[int, int, int]
) -> None:
    pixels = decode(data, "image", SETTINGS)
    assert pixels.mode == "RGB"
    assert pixels.size == (6, 4)
    for corner in ((0, 0), (5, 3)):
        pixel = pixels.getpixel(corner)
        assert isinstance(pixel, tuple)
        assert all(abs(value - wanted) <= 2 for value, wanted in zip(pixel, color, strict=True))


@pytest.mark.parametrize(
    ("name", "data", "reason"), BAD_FILES, ids=[name for name, _, _ in BAD_FILES]
)
def test_a_file_that_is_not_an_accepted_image_is_refused(
    name: str, data: bytes, reason: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        decode(data, f"https://images.example/{name}", SETTINGS)
    assert refused.value.reason == reason
    assert name in refused.value.detail
    assert "object at 0x" not in refused.value.detail


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("page.jpg", "HTML page"),
        ("drawing.svg", "SVG"),
        ("scan.tiff", "TIFF"),
        ("icon.ico", "ICO"),
        ("layers.psd", "PSD"),
        ("photo.heic", "HEIC"),
        ("paper.pdf", "PDF"),
        ("note.png", "PNG, JPEG, WebP, GIF and BMP are accepted"),
        ("truncated.jpg", "cut off"),
        ("bomb.png", "50,000,000 pixels"),
        ("no_width.png", "0 pixels wide"),
    ],
)
def test_a_refusal_names_the_type_of_the_file(name: str, message: str) -> None:
    (data,) = (data for file_name, data, _ in BAD_FILES if file_name == name)
    with pytest.raises(Unprocessable) as refused:
        decode(data, name, SETTINGS)
    assert message in refused.value.detail


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_rotated_by_its_exif_orientation(orientation: int) -> None:
    upright = plain("RGB", "white")
    upright.putpixel((0, 0), RED)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright
    if orientation in undo:
        stored = upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decode(encoded(stored, "PNG", exif=exif), "image", SETTINGS)
    assert pixels.size == (6, 4)
    assert pixels.getpixel((0, 0)) == RED


def test_an_image_with_broken_exif_is_decoded() -> None:
    data = encoded(plain("RGB", RED), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert decode(data, "image", SETTINGS).getpixel((0, 0)) == RED


@pytest.mark.parametrize(
    ("size", "kept"), [((300, 100), (64, 21)), ((100, 300), (21, 64)), ((64, 64), (64, 64))]
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_image_is_scaled_down(
    size: tuple[int, int], kept: tuple[int, int], kind: str
) -> None:
    data = encoded(Image.new("RGB", size, RED), kind)
    assert decode(data, "image", ImageSettings(max_image_side=64)).size == kept


def test_a_very_narrow_image_keeps_at_least_one_pixel_of_height() -> None:
    data = encoded(Image.new("RGB", (5000, 1), RED), "PNG")
    assert decode(data, "image", ImageSettings(max_image_side=64)).size == (64, 1)


def test_the_pixel_limit_is_exact() -> None:
    data = encoded(plain("RGB", RED), "PNG")
    decode(data, "image", ImageSettings(max_image_pixels=24))
    with pytest.raises(Unprocessable, match="too_many_pixels"):
        decode(data, "image", ImageSettings(max_image_pixels=23))


@pytest.mark.parametrize("data", [PNG, JPEG, GIF], ids=["png", "jpeg", "gif"])
def test_a_file_that_is_cut_at_any_byte_is_decoded_or_refused(data: bytes) -> None:
    for end in range(0, len(data), 97):
        try:
            decode(data[:end], "image", SETTINGS)
        except Unprocessable as refused:
            assert refused.reason in {"broken_image", "empty_image"}  # noqa: PT017


def test_a_file_with_one_changed_byte_is_decoded_or_refused() -> None:
    for data in (PNG, JPEG, GIF, encoded(noisy(), "WEBP"), encoded(noisy(), "BMP")):
        for index in range(0, min(len(data), 400), 3):
            changed = data[:index] + bytes([data[index] ^ 0xFF]) + data[index + 1 :]
            try:
                decode(changed, "image", SETTINGS)
            except Unprocessable as refused:
                assert refused.detail  # noqa: PT017


async def test_pillow_does_not_warn_while_several_threads_decode() -> None:
    bomb = encoded(Image.new("1", (9_500, 9_500)), "PNG")
    settings = ImageSettings(max_image_pixels=100_000_000, max_image_side=8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sizes = await asyncio.gather(
            *(asyncio.to_thread(decode, bomb, "image", settings) for _ in range(3))
        )
    assert [image.size for image in sizes] == [(8, 8)] * 3
    assert not caught


def test_pixels_can_be_encoded_after_their_file_is_closed() -> None:
    pixels = decode(encoded(plain("RGB", RED), "PNG"), "image", SETTINGS)
    copy = io.BytesIO()
    pixels.save(copy, "PNG")
    assert decode(copy.getvalue(), "image", SETTINGS).getpixel((0, 0)) == RED
