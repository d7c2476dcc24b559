"""A photograph of 12,000 x 12,000 pixels is decoded in bounded memory, or refused in words."""

import io
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from shared.domain.errors import Unprocessable
from shared.images.decoding.decoder import decode
from shared.images.decoding.limits import scaled_box
from shared.images.settings import ImageSettings
from tests.unit.shared.images.bad_images import encoded, png_header
from tests.unit.shared.images.decoding.profiles import PROFILES, changed
from tests.unit.shared.images.decoding.test_metadata import webp_with

SIDE: Final = 12_000
MEGABYTE: Final = 1024 * 1024
SETTINGS: Final = ImageSettings()
DECODE: Final = """
import json, resource, sys
from pathlib import Path
from shared.domain.errors import Unprocessable
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings

data = Path(sys.argv[1]).read_bytes()
decode(Path(sys.argv[2]).read_bytes(), "warm-up", ImageSettings())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open("/proc/self/statm") as statm:
    used = int(statm.read().split()[0]) * resource.getpagesize()
# More address space than this is an error, as in a container at its limit.
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[3]), ) * 2)
image = decode(data, "large", ImageSettings(max_image_bytes=100_000_000))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"size": image.size, "bytes": (after - before) * 1024,
                  "pixels": [image.getpixel((x, image.height // 2)) for x in range(0, 1024, 128)]}))
"""


def astronaut(side: int) -> Image.Image:
    return Image.fromarray(photographs.astronaut()).resize((side, 16), Image.Resampling.BICUBIC)


def tall_jpeg(strip: Image.Image, *, rows: int, **options: object) -> bytes:
    """A baseline JPEG in which a strip of 16 rows is repeated, made without all its pixels."""
    data = encoded(strip, "JPEG", quality=90, restart_marker_rows=1, **options)
    frame = data.index(b"\xff\xc0")
    header_bytes = data.index(b"\xff\xda")
    (length,) = struct.unpack_from(">H", data, header_bytes + 2)
    start = header_bytes + 2 + length
    pixels = data[start:-2]
    count = rows // 16
    restarts = (bytes([0xFF, 0xD0 + number % 8]) for number in range(count - 1))
    body = b"".join(pixels + restart for restart in restarts) + pixels
    return changed(data[:start], frame + 5, struct.pack(">H", rows)) + body + b"\xff\xd9"


def decoded(data: bytes, folder: Path, *, max_bytes: int) -> dict[str, object]:
    """Size, bytes and some pixels of an image that a process with a limit of memory decodes."""
    file, small = folder / "large", folder / "small"
    file.write_bytes(data)
    small.write_bytes(encoded(Image.fromarray(photographs.astronaut()), "JPEG", progressive=True))
    process = subprocess.run(
        [sys.executable, "-c", DECODE, str(file), str(small), str(max_bytes)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr[-2_000:]
    result: dict[str, object] = json.loads(process.stdout)
    return result


@pytest.mark.parametrize("profile", [None, "Adobe RGB"])
def test_a_baseline_jpeg_of_144_megapixels_takes_little_memory(
    profile: str | None, tmp_path: Path
) -> None:
    options = {"icc_profile": PROFILES[profile]} if profile else {}
    data = tall_jpeg(astronaut(SIDE), rows=SIDE, **options)
    result = decoded(data, tmp_path, max_bytes=100 * MEGABYTE)
    assert result["size"] == [1_024, 1_024]
    assert len({tuple(pixel) for pixel in result["pixels"]}) > 4  # type: ignore[attr-defined]
    assert int(str(result["bytes"])) < 80 * MEGABYTE


def test_a_progressive_jpeg_of_144_megapixels_keeps_its_coefficients_only(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    gradient = Image.linear_gradient("L").resize((SIDE, SIDE))
    gradient.save(buffer, "JPEG", quality=80, progressive=True)
    result = decoded(buffer.getvalue(), tmp_path, max_bytes=500 * MEGABYTE)
    assert result["size"] == [1_024, 1_024]
    assert int(str(result["bytes"])) < 400 * MEGABYTE


def test_a_panorama_of_144_megapixels_takes_little_memory(tmp_path: Path) -> None:
    data = tall_jpeg(astronaut(65_000), rows=2_208)
    result = decoded(data, tmp_path, max_bytes=100 * MEGABYTE)
    assert result["size"] == [1_024, 35]


def large_header(kind: str) -> bytes:
    """The header of an image of 12,000 x 12,000 pixels without the pixels."""
    size = struct.pack("<HH", SIDE, SIDE)
    if kind == "PNG":
        return png_header(width=SIDE, height=SIDE)
    if kind == "WEBP":
        side = (SIDE - 1).to_bytes(3, "little")
        return changed(webp_with(b"XMP ", b""), 24, side * 2)
    if kind == "GIF":
        return changed(encoded(Image.new("L", (8, 8)), "GIF"), 6, size)
    return changed(encoded(Image.new("RGB", (8, 8)), "BMP"), 18, struct.pack("<ii", SIDE, SIDE))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP"])
def test_a_format_that_needs_all_pixels_is_refused_with_its_limit_and_the_way_out(
    kind: str,
) -> None:
    with pytest.raises(Unprocessable) as refused:
        decode(large_header(kind), "large", SETTINGS)
    assert refused.value.reason == "too_many_pixels"
    assert refused.value.detail == (
        "large has 12,000 x 12,000 pixels, more than 50,000,000 pixels; send a smaller rendition,"
        " or a JPEG"
    )


def test_a_jpeg_that_needs_gigabytes_is_refused_with_what_to_do() -> None:
    options = {"quality": 75, "progressive": True, "subsampling": 0}
    small = encoded(Image.new("RGB", (64, 64)), "JPEG", **options)
    large = changed(small, small.index(b"\xff\xc2") + 5, struct.pack(">HH", SIDE, SIDE))
    with pytest.raises(Unprocessable) as refused:
        decode(large, "large", SETTINGS)
    assert refused.value.reason == "too_many_pixels"
    assert "12,000 x 12,000 pixels; decoding it needs 864,000,000 bytes" in refused.value.detail
    assert "send it as a baseline JPEG or smaller" in refused.value.detail
    larger = changed(small, small.index(b"\xff\xc2") + 5, struct.pack(">HH", 13_000, 13_000))
    with pytest.raises(Unprocessable, match=r"13,000 x 13,000 pixels, more than 150,000,000"):
        decode(larger, "large", SETTINGS)


def test_the_limits_of_a_jpeg_are_exact() -> None:
    data = encoded(Image.new("RGB", (64, 48)), "JPEG", progressive=True)
    at = 64 * 48 * 3
    decode(data, "image", SETTINGS.model_copy(update={"max_progressive_bytes": at}))
    with pytest.raises(Unprocessable, match="progressive"):
        decode(data, "image", SETTINGS.model_copy(update={"max_progressive_bytes": at - 1}))
    decode(data, "image", SETTINGS.model_copy(update={"max_jpeg_pixels": 64 * 48}))
    with pytest.raises(Unprocessable, match="too_many_pixels"):
        decode(data, "image", SETTINGS.model_copy(update={"max_jpeg_pixels": 64 * 48 - 1}))


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((4_000, 3_000), (1_024, 1_024)),
        ((12_000, 12_000), (1_024, 1_024)),
        ((65_000, 2_208), (1_024, 34)),
        ((2_208, 65_000), (34, 1_024)),
        ((65_000, 1), (1_024, 1_024)),
    ],
)
def test_a_jpeg_is_scaled_to_a_size_above_the_kept_one(
    size: tuple[int, int], box: tuple[int, int]
) -> None:
    assert scaled_box(size, SETTINGS) == box


def test_the_limit_of_memory_in_these_tests_is_real(tmp_path: Path) -> None:
    image = Image.fromarray(np.zeros((5_000, 5_000, 3), np.uint8))
    with pytest.raises(AssertionError, match="needs more memory than is free now"):
        decoded(encoded(image, "PNG"), tmp_path, max_bytes=20 * MEGABYTE)
