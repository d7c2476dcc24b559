"""Offer pictures to try the system with: the simulator's drawings and real photographs."""

import asyncio
import base64
import io
import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from PIL import Image

log = logging.getLogger(__name__)
SIDE_PIXELS: Final = 256
"""Longer than any model of ours looks at for a drawing; forty of them fit into one event."""
QUALITY: Final = 88
SEEDS: Final = (7, 12)
"""Each draws three tastes that have nothing in common, 25 drawings in all."""
DRAWING_SECONDS: Final = 120.0
PHOTOGRAPHS: Final[Mapping[str, str]] = {
    "astronaut.png": "a smiling astronaut before a flag",
    "chelsea.png": "a ginger cat, close",
    "coffee.png": "a cup of coffee on a wooden table",
    "hubble_deep_field.jpg": "galaxies on black",
    "motorcycle_left.png": "a motorcycle in a garage",
    "rocket.jpg": "a rocket at night on its pad",
}
"""Shipped inside scikit-image: no download."""
MOST_FILES: Final = 200
SUFFIXES: Final = {".png", ".jpg", ".jpeg", ".webp"}


@dataclass(frozen=True)
class Sample:
    """One picture, small."""

    name: str
    kind: str
    """`drawing` or `photograph`."""
    alt: str
    """What it shows, for whoever does not see it."""
    data: bytes
    """WebP."""

    @property
    def image_id(self) -> str:
        return f"sample-{self.name}"

    @property
    def uri(self) -> str:
        return "data:image/webp;base64," + base64.b64encode(self.data).decode("ascii")


class Samples:
    """Made when they are first asked for, and kept in memory: about 1 MB."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._made: dict[str, Sample] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def all(self) -> Mapping[str, Sample]:
        """By image id."""
        async with self._one_at_a_time:
            if self._made is None:
                found = await asyncio.to_thread(lambda: list(_made(self._folder)))
                self._made = {sample.image_id: sample for sample in found}
        return self._made


def _made(folder: Path | None) -> Iterator[Sample]:
    if folder is not None:
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
        for file in files[:MOST_FILES]:
            alt = file.stem.replace("-", " ").replace("_", " ")
            yield Sample(file.stem, "photograph", alt, _small(file))
        return
    with tempfile.TemporaryDirectory() as drawn:
        for seed in SEEDS:
            yield from _drawings(Path(drawn) / str(seed), seed)
    photographs = resources.files("skimage") / "data"
    for name, alt in PHOTOGRAPHS.items():
        with resources.as_file(photographs / name) as file:
            yield Sample(f"photo-{file.stem}", "photograph", alt, _small(file))


def _drawings(folder: Path, seed: int) -> Iterator[Sample]:
    """In a process of their own: serving knows nothing of the simulator, and may lack it."""
    command = [sys.executable, "-m", "training.prefersim.files.story_files", str(folder)]
    try:
        subprocess.run(
            [*command, "--seed", str(seed)],
            check=True, capture_output=True, timeout=DRAWING_SECONDS,
        )  # fmt: skip
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("no drawings to try with, photographs alone: %s", error)
        return
    for side in ("liked", "disliked"):
        for file in sorted((folder / side).glob("*.png")):
            yield _drawing(file, seed, truth["words"][side])
    for name, kind in sorted(truth["slate"].items()):
        yield _drawing(folder / "slate" / name, seed, truth["words"][kind])


def _drawing(file: Path, seed: int, words: Mapping[str, Any]) -> Sample:
    name = f"{seed}-{file.stem.replace('drawing', 'other')}"
    return Sample(name, "drawing", "drawing: " + ", ".join(map(str, words.values())), _small(file))


def _small(file: Path) -> bytes:
    with Image.open(file) as opened:
        pixels = opened.convert("RGB")
    pixels.thumbnail((SIDE_PIXELS, SIDE_PIXELS))
    return webp(pixels)


def webp(pixels: Image.Image) -> bytes:
    """A picture as WebP, for a page."""
    buffer = io.BytesIO()
    pixels.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
