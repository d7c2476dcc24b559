"""Metadata is skipped: its size, its checksums and its bombs do not matter."""

import base64
import hashlib
import os
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Final

import pytest
from PIL import Image

from shared.images.decoding.decoder import decode
from shared.images.decoding.encoded_image import EncodedImage
from shared.images.decoding.exif_orientation import orientation
from shared.images.decoding.gif_blocks import read_gif
from shared.images.decoding.jpeg_segments import read_jpeg
from shared.images.decoding.png_chunks import read_png
from shared.images.decoding.webp_chunks import read_webp
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from tests.unit.shared.images.bad_images import GIF, JPEG, PNG, WEBP, encoded, noisy
from tests.unit.shared.images.decoding.profiles import chunk, segment, with_chunks, with_segments

SETTINGS: Final = ImageSettings()
MEGABYTE: Final = 1024 * 1024
NOISE: Final = os.urandom(MEGABYTE)
"""Does not compress, like the workflows that tools store."""
BOMB: Final = zlib.compress(b"\0" * (64 * MEGABYTE), 9)


def bomb(times: int) -> bytes:
    """A zlib stream of 64 MB, inside as many further ones."""
    data = BOMB
    for _ in range(times):
        data = zlib.compress(data * 1_000, 9)
    return data


def exif_bomb() -> bytes:
    """EXIF in which 20,000 entries point to the same 200,000 bytes: 4 GB when all are read."""
    count = 20_000
    entries = b"".join(struct.pack("<HHII", 0x9000 + n, 7, 200_000, 8) for n in range(count))
    turned = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", count + 1) + turned + entries


def webp_with(name: bytes, body: bytes) -> bytes:
    """The WebP in the extended form, with one more chunk."""
    flags = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}.get(name, 0)
    canvas = struct.pack("<B3x", flags) + (63).to_bytes(3, "little") + (47).to_bytes(3, "little")
    content = b"WEBP" + riff(b"VP8X", canvas) + WEBP[12:] + riff(name, body)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def riff(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def gif_with(extension: int, body: bytes, *, block: int = 255) -> bytes:
    blocks = b"".join(
        bytes([len(body[at : at + block])]) + body[at : at + block]
        for at in range(0, len(body), block)
    )
    at = 13 + 3 * (2 << (GIF[10] & 7))
    return GIF[:at] + bytes([0x21, extension]) + blocks + b"\0" + GIF[at:]


def app_segments(marker: int, start: bytes, body: bytes) -> list[bytes]:
    return [segment(marker, start + body[at : at + 65_000]) for at in range(0, len(body), 65_000)]


def png(*chunks: bytes, after_pixels: bool = False) -> bytes:
    return with_chunks(PNG, *chunks, after_pixels=after_pixels)


def jpeg(*segments: bytes) -> bytes:
    return with_segments(JPEG, *segments)


TEXT: Final = b"workflow\0"
XMP: Final = b"XML:com.adobe.xmp\0\0\0\0\0"
OLD_EXIF: Final = b"Raw profile type exif\0\0"
PHOTOSHOP: Final = b"Photoshop 3.0\x008BIM"
CASES: Final[dict[str, Callable[[], bytes]]] = {
    "png zTXt 1.9 MB": lambda: png(chunk(b"zTXt", TEXT + b"\0" + zlib.compress(NOISE * 2, 1))),
    "png zTXt 19 MB": lambda: png(chunk(b"zTXt", TEXT + b"\0" + zlib.compress(NOISE * 18, 0))),
    "png zTXt bomb": lambda: png(chunk(b"zTXt", TEXT + b"\0" + BOMB)),
    "png zTXt bomb in a bomb": lambda: png(chunk(b"zTXt", TEXT + b"\0" + bomb(1))),
    "png iTXt bomb": lambda: png(chunk(b"iTXt", TEXT + b"\1\0\0\0" + BOMB)),
    "png many bombs": lambda: png(*[chunk(b"zTXt", TEXT + b"\0" + BOMB)] * 50),
    "png bomb after the pixels": lambda: png(
        chunk(b"zTXt", TEXT + b"\0" + BOMB), after_pixels=True
    ),
    "png tEXt 19 MB": lambda: png(chunk(b"tEXt", TEXT + NOISE * 19)),
    "png damaged zTXt": lambda: png(chunk(b"zTXt", TEXT + b"\0" + NOISE)),
    "png unknown compression": lambda: png(chunk(b"zTXt", TEXT + b"\7" + NOISE)),
    "png text without a name": lambda: png(chunk(b"tEXt", b""), chunk(b"zTXt", b"")),
    "png wrong checksum of a text": lambda: png(chunk(b"tEXt", TEXT, checksum_off_by=1)),
    "png wrong checksum of a time": lambda: png(chunk(b"tIME", b"1234567", checksum_off_by=1)),
    "png 200,000 small chunks": lambda: png(*[chunk(b"tEXt", b"a\0b")] * 200_000),
    "png 200,000 empty unknown chunks": lambda: png(*[chunk(b"abCd", b"")] * 200_000),
    "png XMP 8 MB": lambda: png(chunk(b"iTXt", XMP + b"<" * 8 * MEGABYTE)),
    "png EXIF bomb": lambda: png(chunk(b"eXIf", exif_bomb())),
    "png EXIF of noise": lambda: png(chunk(b"eXIf", NOISE)),
    "png old EXIF in a text": lambda: png(
        chunk(b"zTXt", OLD_EXIF + zlib.compress(b"\nexif\n99\n" + b"ff" * MEGABYTE))
    ),
    "png physical size and background": lambda: png(
        chunk(b"pHYs", b"\0" * 9), chunk(b"bKGD", b"\0" * 6), chunk(b"sPLT", NOISE)
    ),
    "png wrong lengths": lambda: png(chunk(b"hIST", b"1"), chunk(b"sBIT", b"")),
    "png something after its end": lambda: PNG + NOISE,
    "png zip after its end": lambda: PNG + b"PK\3\4" + NOISE,
    "png without its last chunk": lambda: PNG[:-12],
    "jpeg comments of 5 MB": lambda: jpeg(*app_segments(0xFE, b"", NOISE * 5)),
    "jpeg EXIF bomb": lambda: jpeg(segment(0xE1, b"Exif\0\0" + exif_bomb()[:65_000])),
    "jpeg EXIF bomb in segments": lambda: jpeg(*app_segments(0xE1, b"Exif\0\0", exif_bomb())),
    "jpeg XMP of 5 MB": lambda: jpeg(
        *app_segments(0xE1, b"http://ns.adobe.com/xmp/extension/\0", NOISE * 5)
    ),
    "jpeg Photoshop resources": lambda: jpeg(*app_segments(0xED, PHOTOSHOP, NOISE)),
    "jpeg FlashPix": lambda: jpeg(*app_segments(0xE2, b"FPXR\0", NOISE)),
    "jpeg unknown segments": lambda: jpeg(*app_segments(0xE7, b"", NOISE * 5)),
    "jpeg thumbnail in its EXIF": lambda: jpeg(segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + JPEG)),
    "jpeg with a gain map": lambda: jpeg(
        segment(0xE2, b"MPF\0II*\0\x08\0\0\0\xff\xff" + NOISE[:200])
    ) + JPEG,
    "jpeg with a film after its end": lambda: JPEG + b"\0\0\0\x18ftypmp42" + NOISE * 5,
    "jpeg padded between its segments": lambda: jpeg(b"\xff\xff\xff\xff"),
    "jpeg garbage between its segments": lambda: JPEG[:20] + b"garbage" + JPEG[20:],
    "webp EXIF bomb": lambda: webp_with(b"EXIF", exif_bomb()),
    "webp XMP of 5 MB": lambda: webp_with(b"XMP ", NOISE * 5),
    "webp unknown chunk": lambda: webp_with(b"abcd", NOISE * 5),
    "webp something after its end": lambda: WEBP + NOISE,
    "gif comment of 8 MB": lambda: gif_with(0xFE, NOISE * 8),
    "gif comment in blocks of one byte": lambda: gif_with(0xFE, NOISE, block=1),
    "gif XMP": lambda: gif_with(0xFF, b"XMP DataXMP" + NOISE),
    "gif plain text": lambda: gif_with(0x01, NOISE),
    "gif something after its end": lambda: GIF + NOISE,
    "gif without its last byte": lambda: GIF[:-1],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_metadata_changes_neither_the_pixels_nor_the_memory(name: str) -> None:
    data = CASES[name]()
    plain = {"png": PNG, "jpeg": JPEG, "webp": WEBP, "gif": GIF}[name.partition(" ")[0]]
    expected = decode(plain, "plain", SETTINGS)
    start = time.process_time()
    tracemalloc.start()
    image = decode(data, name, SETTINGS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    turned = "EXIF bomb" in name
    assert image.size == (expected.size[::-1] if turned else expected.size)
    if not turned:
        assert image.tobytes() == expected.tobytes()
    # A copy of the file at most; a bomb would take 64 MB or more.
    assert peak < len(data) + 24 * MEGABYTE
    # Generous: a quadratic reader of 8 MB takes minutes.
    assert time.process_time() - start < 20


def test_the_decoded_file_holds_the_pixels_and_nothing_else() -> None:
    read: list[tuple[EncodedImage, bytes]] = [
        (read_png(CASES["png tEXt 19 MB"]()), PNG),
        (read_jpeg(CASES["jpeg XMP of 5 MB"]()), JPEG),
        (read_webp(CASES["webp XMP of 5 MB"]()), WEBP),
        (read_gif(CASES["gif XMP"]()), GIF),
    ]
    for image, plain in read:
        assert len(image.data) <= len(plain) + 30


async def test_the_hash_of_an_image_is_that_of_its_whole_file() -> None:
    data = png(chunk(b"tEXt", TEXT + NOISE))
    loader = ImageLoader(SETTINGS)
    image = await loader.load("data:image/png;base64," + base64.b64encode(data).decode())
    await loader.close()
    assert image.content_hash == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("exif", "expected"),
    [
        (b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0", 6),
        (b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x08\0\0", 8),
        (b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\4\0\1\0\0\0\3\0\0\0", 3),
        (b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\x09\0\0\0", 1),
        (b"II*\0\x08\0\0\0\1\0\x12\1\2\0\1\0\0\0\6\0\0\0", 1),
        (b"II*\0\x08\0\0\0\xff\xff\x12\1\3\0\1\0\0\0\6\0\0\0", 6),
        (b"II*\0\x08\0\0\0\1\0\x12\1\3\0", 1),
        (b"II*\0\xff\xff\xff\xff", 1),
        (b"II*\0", 1),
        (b"", 1),
        (b"JJ*\0\x08\0\0\0", 1),
    ],
)
def test_the_orientation_is_read_from_sound_and_broken_exif(exif: bytes, expected: int) -> None:
    assert orientation(exif) == expected


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("number", range(1, 9))
def test_every_format_is_turned_upright(kind: str, number: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = number
    data = encoded(noisy(), kind, exif=exif)
    assert decode(data, "image", SETTINGS).size == ((48, 64) if number > 4 else (64, 48))


def test_texts_between_the_parts_of_the_pixels_are_skipped() -> None:
    at = PNG.index(b"IDAT") - 4
    (length,) = struct.unpack_from(">I", PNG, at)
    pixels = PNG[at + 8 : at + 8 + length]
    text = chunk(b"zTXt", TEXT + b"\0" + BOMB)
    parts = [chunk(b"IDAT", pixels[start : start + 500]) for start in range(0, length, 500)]
    data = PNG[:at] + text.join(parts) + chunk(b"IEND", b"")
    assert decode(data, "image", SETTINGS).tobytes() == decode(PNG, "", SETTINGS).tobytes()


def test_a_transparent_color_with_a_wrong_checksum_is_ignored() -> None:
    red = Image.new("RGB", (4, 4), (255, 0, 0))
    clear = chunk(b"tRNS", struct.pack(">3H", 255, 0, 0), checksum_off_by=1)
    data = with_chunks(encoded(red, "PNG"), clear)
    assert decode(data, "image", SETTINGS).getpixel((0, 0)) == (255, 0, 0)
