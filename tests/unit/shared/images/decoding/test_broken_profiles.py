"""A color profile that cannot be used is ignored with a line in the log."""

import logging
import zlib

import pytest

from shared.images.decoding.decoder import decode
from shared.images.decoding.profile_writer import profile_of
from tests.unit.shared.images.bad_images import encoded
from tests.unit.shared.images.decoding.color_patches import FORMATS, SETTINGS, colors, difference
from tests.unit.shared.images.decoding.profiles import (
    PROFILES,
    changed,
    chunk,
    cmyk_profile,
    gray_profile,
    segment,
    with_chunks,
    with_segments,
)

ADOBE = PROFILES["Adobe RGB"]
BROKEN: dict[str, bytes] = {
    "empty": b"",
    "text": b"this is no profile" * 20,
    "cut": ADOBE[:200],
    "cut in its header": ADOBE[:64],
    "wrong signature": changed(ADOBE, 36, b"nope"),
    "of a gray image": gray_profile(2.2),
    "of CMYK": cmyk_profile(),
    "of Lab": changed(ADOBE, 16, b"Lab "),
    "device link": changed(ADOBE, 12, b"link"),
    "named colors": changed(ADOBE, 12, b"nmcl"),
    "abstract": changed(ADOBE, 12, b"abst"),
    "unknown connection space": changed(ADOBE, 20, b"RGB "),
    "without tags": changed(ADOBE, 128, b"\0\0\0\0"),
    "with a million tags": changed(ADOBE, 128, b"\0\x0f\xff\xff"),
    "tags outside": changed(ADOBE, 172, b"\x7f\xff\xff\xff"),
    "all black": profile_of(
        {b"wtpt": b"XYZ \0\0\0\0" + b"\0" * 12}
        | dict.fromkeys((b"rXYZ", b"gXYZ", b"bXYZ"), b"XYZ " + b"\0" * 16)
        | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv" + b"\0" * 8),
        space=b"RGB ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", BROKEN)
def test_a_profile_that_cannot_be_used_is_ignored_with_a_line_in_the_log(
    name: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="shared.images")
    data = encoded(colors(), kind, icc_profile=BROKEN[name], **FORMATS[kind])
    assert difference(data, colors()) <= 1
    if BROKEN[name]:
        assert "color profile is ignored, because it" in caplog.text
        assert caplog.text.count("\n") == 1


def png_with_profile(body: bytes) -> bytes:
    return with_chunks(encoded(colors(), "PNG"), chunk(b"iCCP", body))


@pytest.mark.parametrize(
    "data",
    [
        png_with_profile(b"bomb\0\0" + zlib.compress(b"\0" * 200_000_000, 9)),
        png_with_profile(b"not zlib\0\0" + ADOBE),
        png_with_profile(b"unknown method\0\1" + zlib.compress(ADOBE)),
        png_with_profile(b"no end of the name"),
        png_with_profile(b""),
        with_chunks(
            encoded(colors(), "PNG"),
            chunk(b"iCCP", b"icc\0\0" + zlib.compress(ADOBE), checksum_off_by=1),
        ),
        with_segments(
            encoded(colors(), "JPEG", quality=100, subsampling=0),
            segment(0xE2, b"ICC_PROFILE\0\1\3" + ADOBE[:99]),
            segment(0xE2, b"ICC_PROFILE\0\3\3" + ADOBE[99:]),
        ),
        with_segments(
            encoded(colors(), "JPEG", quality=100, subsampling=0),
            *(
                segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 80]) + ADOBE[:1] * 65_000)
                for n in range(1, 81)
            ),
        ),
    ],
    ids=[
        *("bomb", "not compressed", "unknown method", "no name", "empty", "wrong checksum"),
        *("a part is missing", "5 MB in parts"),
    ],
)
def test_a_profile_that_is_stored_badly_is_ignored_with_a_line_in_the_log(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="shared.images")
    assert difference(data, colors()) <= 1
    assert "is ignored, because" in caplog.text


def test_every_profile_with_one_changed_byte_is_used_or_ignored() -> None:
    png = encoded(colors().resize((8, 8)), "PNG")
    for profile in (PROFILES["Display P3"], cmyk_profile()):
        for index in range(0, min(len(profile), 900), 7):
            broken = changed(profile, index, bytes([profile[index] ^ 0xFF]))
            body = b"icc\0\0" + zlib.compress(broken)
            assert decode(with_chunks(png, chunk(b"iCCP", body)), "image", SETTINGS).size == (8, 8)
