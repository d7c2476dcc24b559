"""Colors are converted from their ICC profile to sRGB; a profile that cannot be used is ignored."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from shared.images.decoding.color_profile import ColorTransforms, UnusableProfile
from shared.images.decoding.decoder import decode
from shared.images.decoding.profile_writer import (
    DISPLAY_P3,
    SRGB,
    SRGB_CURVE,
    matrix_profile,
    profile_of,
)
from shared.images.settings import ImageSettings
from tests.unit.shared.images.bad_images import encoded
from tests.unit.shared.images.decoding.color_patches import (
    FORMATS,
    colors,
    difference,
    pixels_of,
)
from tests.unit.shared.images.decoding.profiles import (
    PROFILES,
    SRGB_PROFILE,
    chunk,
    cmyk_profile,
    converted,
    encoded_values,
    gray_profile,
    in_adobe_rgb,
    in_prophoto,
    linear,
    segment,
    with_chunks,
    with_segments,
)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", PROFILES)
def test_an_image_with_a_profile_gets_the_colors_of_its_srgb_twin(name: str, kind: str) -> None:
    image = converted(colors(), PROFILES[name])
    options = FORMATS[kind]
    assert difference(encoded(image, kind, icc_profile=PROFILES[name], **options), colors()) <= 1.5
    assert difference(encoded(image, kind, **options), colors()) > 10


def test_profiles_agree_with_published_matrices() -> None:
    original = np.asarray(colors())
    for convert, name in ((in_adobe_rgb, "Adobe RGB"), (in_prophoto, "ProPhoto RGB")):
        data = encoded(Image.fromarray(convert(original)), "PNG", icc_profile=PROFILES[name])
        assert difference(data, colors()) <= 0.5, name


def test_a_color_outside_srgb_becomes_the_nearest_that_srgb_has() -> None:
    green = Image.new("RGB", (4, 4), (0, 255, 0))
    data = encoded(green, "PNG", icc_profile=PROFILES["Display P3"])
    assert pixels_of(data)[0, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_stays_as_it_is(mode: str) -> None:
    profile = PROFILES["ProPhoto RGB"] if mode != "LA" else gray_profile(1.0)
    left = Image.new("RGBA", (2, 1), (120, 120, 120, 255))
    left.putpixel((1, 0), (0, 0, 0, 0))
    data = encoded(left.convert(mode), "PNG", icc_profile=profile)
    solid = Image.new("L" if mode == "LA" else "RGB", (1, 1), 120 if mode == "LA" else (120,) * 3)
    expected = pixels_of(encoded(solid, "PNG", icc_profile=profile))[0, 0]
    assert abs(expected[0] - 120) > 10
    assert np.abs(pixels_of(data)[0, 0] - expected).max() <= 1
    assert pixels_of(data)[0, 1].tolist() == [255, 255, 255]


def test_half_transparent_colors_are_converted_before_they_are_blended() -> None:
    image = Image.new("RGBA", (1, 1), (255, 0, 0, 128))
    data = encoded(image, "PNG", icc_profile=PROFILES["Adobe RGB"])
    # Red of Adobe RGB lies outside sRGB, whose own red is blended with white.
    assert np.abs(pixels_of(data)[0, 0] - [255, 127, 127]).max() <= 2


def test_palette_and_sixteen_bit_pngs_use_their_profiles() -> None:
    image = converted(colors(), PROFILES["ProPhoto RGB"])
    palette = image.quantize(64, dither=Image.Dither.NONE)
    icc = PROFILES["ProPhoto RGB"]
    assert difference(encoded(palette, "PNG", icc_profile=icc), colors()) <= 1.5
    rows = b"".join(
        b"\0" + (row.astype(np.uint16) * 257).astype(">u2").tobytes() for row in np.asarray(image)
    )
    sixteen = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", *image.size, 16, 2, 0, 0, 0))
        + chunk(b"iCCP", b"icc\0\0" + zlib.compress(icc))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    assert difference(sixteen, colors()) <= 1.5
    deep = Image.new("I;16", (4, 4), 120 * 257)
    gray = pixels_of(encoded(deep, "PNG", icc_profile=gray_profile(1.0)))[0, 0, 0]
    assert abs(int(gray) - 182) <= 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_gray_images_use_gray_and_rgb_profiles(kind: str) -> None:
    gray = Image.new("L", (8, 8), 120)
    # Linear light of 120/255 is 182 in sRGB.
    for profile in (gray_profile(1.0), matrix_profile(SRGB, 1.0)):
        pixel = pixels_of(encoded(gray, kind, icc_profile=profile))[0, 0]
        assert np.abs(pixel - 182).max() <= 2
    assert difference(encoded(gray, kind, icc_profile=SRGB_PROFILE), gray) <= 1


def test_cmyk_uses_its_profile_and_is_readable_without_one() -> None:
    inks = {"cyan": (255, 0, 0, 0), "magenta": (0, 255, 0, 0), "black": (0, 0, 0, 255)}
    with_profile = {"cyan": (0, 110, 160), "magenta": (255, 0, 255), "black": (0, 0, 0)}
    without = {"cyan": (0, 255, 255), "magenta": (255, 0, 255), "black": (0, 0, 0)}
    for name, ink in inks.items():
        image = Image.new("CMYK", (16, 16), ink)
        for icc, expected in ((cmyk_profile(), with_profile), (None, without)):
            # Pillow writes the inverted values of Adobe, as nearly all CMYK files have them.
            options = {"icc_profile": icc} if icc else {}
            data = encoded(image, "JPEG", quality=100, **options)
            assert np.abs(pixels_of(data)[8, 8] - expected[name]).max() <= 12, (name, bool(icc))


def test_an_embedded_profile_of_a_bmp_is_used() -> None:
    image = converted(colors(), PROFILES["Adobe RGB"])
    plain = encoded(image, "BMP")
    icc = PROFILES["Adobe RGB"]
    pixels = plain[54:]
    info = struct.pack("<I", 124) + plain[18:54] + b"\0" * 16 + b"DEBM" + b"\0" * 48
    info += struct.pack("<IIII", 4, 124 + len(pixels), len(icc), 0)
    data = b"BM" + struct.pack("<IHHI", 138 + len(pixels) + len(icc), 0, 0, 138) + info
    assert len(data) == 138
    assert difference(data + pixels + icc, colors()) <= 1.5


def test_a_profile_in_many_parts_of_a_jpeg_is_joined_in_any_order() -> None:
    filler = {b"gbd0": b"data\0\0\0\0" + bytes(range(256)) * 1_000}
    profile = PROFILES["ProPhoto RGB"]
    tags = {
        profile[at : at + 4]: profile[start : start + length]
        for at in range(132, 132 + 12 * 9, 12)
        for start, length in [struct.unpack_from(">II", profile, at + 4)]
    }
    large = profile_of({**filler, **tags}, space=b"RGB ")
    parts = [large[at : at + 60_000] for at in range(0, len(large), 60_000)]
    assert len(parts) > 4
    segments = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part)
        for number, part in enumerate(parts, start=1)
    ]
    jpeg = encoded(converted(colors(), profile), "JPEG", quality=100, subsampling=0)
    assert difference(with_segments(jpeg, *segments[::-1]), colors()) <= 1.5
    assert difference(with_segments(jpeg, *segments, segments[0]), colors()) <= 1.5


def test_a_scaled_photograph_uses_its_profile_too() -> None:
    large = colors().resize((2_048, 2_048), Image.Resampling.NEAREST)
    icc = PROFILES["ProPhoto RGB"]
    data = encoded(converted(large, icc), "JPEG", quality=95, icc_profile=icc)
    pixels = np.asarray(decode(data, "image", ImageSettings(max_image_side=256)))
    centers = np.asarray(colors())[4::8, 4::8].astype(int)
    assert np.abs(pixels[16::32, 16::32] - centers).mean() <= 1.5


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(b"gAMA", struct.pack(">I", 45_455))],
        [chunk(b"sRGB", b"\0"), chunk(b"gAMA", struct.pack(">I", 100_000))],
        [chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))],
        [chunk(b"cICP", b"\1\x0d\0\1")],
        [chunk(b"gAMA", struct.pack(">I", 0))],
        [chunk(b"gAMA", b"\0")],
        [chunk(b"cHRM", b"\0" * 32)],
        [chunk(b"cICP", b"\x09\x10\0\1")],
        [chunk(b"cICP", b"")],
        [chunk(b"gAMA", struct.pack(">I", 100_000), checksum_off_by=1)],
    ],
    ids=[
        *("gamma of sRGB", "sRGB before gamma", "points of sRGB", "code of sRGB", "gamma 0"),
        *("short gamma", "points of no color", "code of HDR", "empty code", "wrong checksum"),
    ],
)
def test_color_chunks_of_srgb_and_impossible_ones_change_nothing(chunks: list[bytes]) -> None:
    assert difference(with_chunks(encoded(colors(), "PNG"), *chunks), colors()) <= 1


def test_gamma_primaries_and_color_codes_of_a_png_are_used_as_in_browsers() -> None:
    dark = Image.fromarray(encoded_values(linear(np.asarray(colors())), 1.0))
    gamma = chunk(b"gAMA", struct.pack(">I", 100_000))
    assert (
        np.abs(pixels_of(with_chunks(encoded(dark, "PNG"), gamma)) - np.asarray(colors())).mean()
        < 3
    )
    wide = converted(colors(), matrix_profile(DISPLAY_P3, SRGB_CURVE))
    points = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    for description in (chunk(b"cHRM", points), chunk(b"cICP", b"\x0c\x0d\0\1")):
        assert difference(with_chunks(encoded(wide, "PNG"), description), colors()) <= 1.5
    icc = PROFILES["Adobe RGB"]
    both = with_chunks(encoded(converted(colors(), icc), "PNG", icc_profile=icc), gamma)
    assert difference(both, colors()) <= 1.5


def test_pictures_that_were_turned_are_converted_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    icc = PROFILES["Adobe RGB"]
    data = encoded(converted(colors(), icc), "PNG", exif=exif, icc_profile=icc)
    assert difference(data, colors().transpose(Image.Transpose.ROTATE_270)) <= 1.5


def test_an_image_with_an_srgb_profile_is_not_converted() -> None:
    transforms = ColorTransforms()
    image = colors()
    assert transforms.to_srgb(image, SRGB_PROFILE) is image
    assert transforms.to_srgb(image, matrix_profile(SRGB, SRGB_CURVE)) is image
    assert transforms.to_srgb(image, PROFILES["Adobe RGB"]) is not image


def test_the_number_of_kept_transforms_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    build = ImageCms.buildTransform

    def counted(*arguments: Any, **options: Any) -> Any:
        built.append(arguments[2])
        return build(*arguments, **options)

    monkeypatch.setattr(ImageCms, "buildTransform", counted)
    transforms = ColorTransforms(size=2)
    first, second, third = (matrix_profile(SRGB, exponent) for exponent in (1.0, 1.5, 3.0))
    for profile in (first, second, first, third, first, second):
        transforms.to_srgb(colors(), profile)
    assert len(built) == 4
    for _ in range(2):
        with pytest.raises(UnusableProfile):
            transforms.to_srgb(colors(), PROFILES["Adobe RGB"][:200])
    assert len(built) == 4


def test_the_written_profile_is_read_by_the_library() -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(PROFILES["Display P3"]))
    assert ImageCms.getProfileDescription(profile).strip() == "Display P3"
    assert profile.profile.xcolor_space.strip() == "RGB"
