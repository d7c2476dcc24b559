"""All code decodes pictures with the one decoder: only it calls Pillow's reader of files."""

import ast
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from services.cli.demo.page import picture
from services.cli.files.inputs import inline
from services.ops.sample_images import SampleImages
from shared.images.data_source import read_data
from shared.images.decoding.decoder import decode
from shared.images.decoding.image_file import read_image, read_small_image
from shared.images.settings import ImageSettings
from tests.support.project_root import PROJECT_ROOT
from tests.unit.shared.images.bad_images import encoded
from tests.unit.shared.images.decoding.profiles import PROFILES, converted

READERS: Final = frozenset({"open", "imread", "decode_image", "frombuffer"})
MODULES: Final = frozenset({"Image", "Images", "PIL", "imageio", "cv2"})
ALLOWED: Final = frozenset(
    {
        "shared/images/decoding/decoder.py",
        # Reads the rating that a photograph contains, and no pixels.
        "services/cli/files/rating/folder_marks.py",
        # Degrades drawings of our own by writing and reading them in a lossy format.
        "training/prefersim/drawing/degradations.py",
        # Compresses pictures in memory, to train on what compression does to them.
        "training/nano/pictures/variants.py",
        # Keeps the transparent parts of clip art, which the decoder makes white.
        "training/simulate/unfamiliar/pictures.py",
        # An independent measurement: it must not share code with what it measures.
        "training/evaluation/real_words/reference.py",
    }
)
COLOR: Final = (230, 60, 40)


def opens_pictures(source: str) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in READERS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in MODULES
        for node in ast.walk(ast.parse(source))
    )


def test_only_the_decoder_opens_picture_files() -> None:
    files = [
        file
        for part in ("services", "shared", "training")
        for file in (PROJECT_ROOT / part).rglob("*.py")
    ]
    opening = {
        str(f.relative_to(PROJECT_ROOT)) for f in files if opens_pictures(f.read_text("utf-8"))
    }
    assert opening == ALLOWED


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A turned image in ProPhoto RGB."""
    profile = PROFILES["ProPhoto RGB"]
    image = converted(Image.new("RGB", (40, 20), COLOR), profile)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(image, "JPEG", quality=95, icc_profile=profile, exif=exif))
    return path


async def test_the_command_line_the_demo_and_the_samples_convert_colors_and_turn(
    photograph: Path,
) -> None:
    samples = await SampleImages(photograph.parent).all()
    addresses = [inline(photograph), picture(photograph).source, samples["sample-a"].uri]
    images = [
        decode(read_data(uri, max_bytes=100_000), "image", ImageSettings()) for uri in addresses
    ]
    for image in [*images, read_image(photograph), read_small_image(photograph, side=40)]:
        assert image.size == (20, 40)
        pixel = image.getpixel((10, 20))
        assert isinstance(pixel, tuple)
        assert max(abs(a - b) for a, b in zip(pixel, COLOR, strict=True)) <= 8


async def test_a_broken_sample_file_is_left_out(photograph: Path) -> None:
    (photograph.parent / "b.png").write_text("no image")
    assert list(await SampleImages(photograph.parent).all()) == ["sample-a"]
