"""Sample images for the playground: drawings of the simulator, and photographs."""

import asyncio
import base64
import io
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from PIL import Image

from shared.domain.errors import Unprocessable
from shared.images.decoding.image_file import read_small_image
from shared.runtime.child_process import run_child

log = logging.getLogger(__name__)
SIDE_PIXELS: Final = 256
"""Larger than the input of our models for a drawing. Forty images fit into one event."""
QUALITY: Final = 88
SEEDS: Final = (7, 12)
"""Each seed gives three tastes without common words; 25 drawings in all."""
DRAWING_SECONDS: Final = 120.0
PHOTOGRAPHS: Final[Mapping[str, str]] = {
    "astronaut.png": "a smiling astronaut before a flag",
    "chelsea.png": "a ginger cat, close",
    "coffee.png": "a cup of coffee on a wooden table",
    "hubble_deep_field.jpg": "galaxies on black",
    "motorcycle_left.png": "a motorcycle in a garage",
    "rocket.jpg": "a rocket at night on its pad",
}
"""Installed with scikit-image, so no download is needed."""
MAX_FILES: Final = 200
SUFFIXES: Final = {".png", ".jpg", ".jpeg", ".webp"}


@dataclass(frozen=True)
class SampleImage:
    """One small image."""

    name: str
    kind: str
    """`drawing` or `photograph`."""
    alt: str
    """Alternative text: what the image shows."""
    data: bytes
    """The image as WebP."""

    @property
    def image_id(self) -> str:
        return f"sample-{self.name}"

    @property
    def uri(self) -> str:
        return "data:image/webp;base64," + base64.b64encode(self.data).decode("ascii")


class SampleImages:
    """Create the images at the first request and keep them in memory (about 1 MB)."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._images: dict[str, SampleImage] | None = None
        self._lock = asyncio.Lock()

    async def all(self) -> Mapping[str, SampleImage]:
        """Return the images by image id."""
        async with self._lock:
            if self._images is None:
                images = await asyncio.to_thread(lambda: list(_create(self._folder)))
                self._images = {image.image_id: image for image in images}
        return self._images


def _create(folder: Path | None) -> Iterator[SampleImage]:
    if folder is not None:
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
        for file in files[:MAX_FILES]:
            alt = file.stem.replace("-", " ").replace("_", " ")
            try:
                yield SampleImage(file.stem, "photograph", alt, _small(file))
            except Unprocessable as error:
                log.warning("a sample image is left out: %s", error.detail)
        return
    with tempfile.TemporaryDirectory() as temporary:
        for seed in SEEDS:
            yield from _drawings(Path(temporary) / str(seed), seed)
    photographs = resources.files("skimage") / "data"
    for name, alt in PHOTOGRAPHS.items():
        with resources.as_file(photographs / name) as file:
            yield SampleImage(f"photo-{file.stem}", "photograph", alt, _small(file))


def _drawings(folder: Path, seed: int) -> Iterator[SampleImage]:
    """Draw in a child process: services do not import the simulator, and may run without it."""
    command = [sys.executable, "-m", "training.prefersim.files.story_files", str(folder)]
    try:
        child_exit = run_child([*command, "--seed", str(seed)], seconds=DRAWING_SECONDS)
        if child_exit.code:
            raise OSError(f"the simulator {child_exit.reason}")
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    except OSError as error:
        log.warning("the simulator cannot draw; only photographs are offered: %s", error)
        return
    for side in ("liked", "disliked"):
        for file in sorted((folder / side).glob("*.png")):
            yield _drawing(file, seed, truth["words"][side])
    for name, kind in sorted(truth["slate"].items()):
        yield _drawing(folder / "slate" / name, seed, truth["words"][kind])


def _drawing(file: Path, seed: int, words: Mapping[str, Any]) -> SampleImage:
    name = f"{seed}-{file.stem.replace('drawing', 'other')}"
    return SampleImage(
        name, "drawing", "drawing: " + ", ".join(map(str, words.values())), _small(file)
    )


def _small(file: Path) -> bytes:
    return webp(read_small_image(file, side=SIDE_PIXELS))


def webp(pixels: Image.Image) -> bytes:
    """Encode an image as WebP."""
    buffer = io.BytesIO()
    pixels.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
