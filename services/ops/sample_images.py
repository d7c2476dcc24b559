"""Sample images for the playground: real pictures of packages, and drawings of the simulator."""

import asyncio
import base64
import io
import json
import logging
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, TypeVar

from PIL import Image

from shared.domain.errors import Unprocessable
from shared.images.decoding.decoder import decode
from shared.images.decoding.image_file import read_small_image
from shared.images.display_name import unique
from shared.images.packaged.pictures import PackagePicture, package_pictures
from shared.images.picture_folder import picture_folder
from shared.images.settings import ImageSettings
from shared.runtime.child_process import run_child

log = logging.getLogger(__name__)
T = TypeVar("T")
SIDE_PIXELS: Final = 256
"""Larger than the input of our models for a drawing. Forty images fit into one event."""
QUALITY: Final = 88
SEEDS: Final = (7, 12)
"""Each seed gives three tastes without common words; 25 drawings in all."""
DRAWING_SECONDS: Final = 120.0
MAX_OF_SUBJECT: Final = 12
"""Real pictures of one kind that show the same: 49 photographs of cities would hide the others."""
MAX_FILES: Final = 200
MAX_NAME_CHARACTERS: Final = 200
"""Shorter than an identifier of the contract, with its prefix and a number."""


@dataclass(frozen=True)
class SampleImage:
    """One small image."""

    name: str
    kind: str
    """`photograph`, `game art`, `screenshot` or `drawing`; `own` for a file of `ops_samples`."""
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
    """Create the images at the first request and keep them in memory (about 2 MB)."""

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
        yield from _own_pictures(folder)
        return
    yield from _real_pictures()
    with tempfile.TemporaryDirectory() as temporary:
        for seed in SEEDS:
            yield from _drawings(Path(temporary) / str(seed), seed)


def _own_pictures(folder: Path) -> Iterator[SampleImage]:
    """Up to `MAX_FILES` readable pictures at equal distances in the order of their paths."""
    try:
        files = picture_folder(folder)
    except OSError as error:
        log.warning("the playground has no pictures: %s; check PREFERSTREAM_OPS_SAMPLES", error)
        return
    if files.left_out():
        log.warning("%s: %s", folder, files.left_out())
    names: set[str] = set()
    for file in spread(files.files, MAX_FILES):
        path = file.relative_to(folder).with_suffix("")
        printable = "".join(c if c.isprintable() else "_" for c in "-".join(path.parts))
        name = unique(printable[:MAX_NAME_CHARACTERS], names)
        try:
            yield SampleImage(name, "own", _words(path.name), _small(file))
        except Unprocessable as error:
            log.warning("a sample image is left out: %s", error.detail)


def _words(stem: str) -> str:
    return stem.replace("-", " ").replace("_", " ")


def _real_pictures() -> Iterator[SampleImage]:
    """Pictures of the installed packages, all kinds and subjects mixed."""
    settings = ImageSettings(max_image_side=SIDE_PIXELS)
    for picture in mixed(package_pictures(), most=MAX_OF_SUBJECT):
        alt = f"{picture.kind}: {picture.subject}, {picture.title}"
        try:
            pixels = decode(picture.read(), picture.name, settings)
        except (Unprocessable, OSError, zipfile.BadZipFile) as error:
            log.warning(
                "the picture %s of %s is left out: %s", picture.name, picture.package, error
            )
        else:
            yield SampleImage(picture.name, picture.kind, alt, webp(pixels))


def mixed(pictures: Sequence[PackagePicture], *, most: int) -> list[PackagePicture]:
    """At most `most` pictures of each kind and subject: the first of each, then the second ..."""
    groups: dict[tuple[str, str], list[PackagePicture]] = {}
    for picture in pictures:
        groups.setdefault((picture.kind, picture.subject), []).append(picture)
    rounds = zip_longest(*(spread(group, most) for group in groups.values()))
    return [picture for group in rounds for picture in group if picture is not None]


def spread(group: Sequence[T], most: int) -> list[T]:
    """At most `most` members, at equal distances in their order."""
    step = max(1.0, len(group) / most)
    return [group[int(number * step)] for number in range(min(most, len(group)))]


def _drawings(folder: Path, seed: int) -> Iterator[SampleImage]:
    """Draw in a child process: services do not import the simulator, and may run without it."""
    command = [sys.executable, "-m", "training.prefersim.files.story_files", str(folder)]
    try:
        child_exit = run_child([*command, "--seed", str(seed)], seconds=DRAWING_SECONDS)
        if child_exit.code:
            raise OSError(f"the simulator {child_exit.reason}")
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    except OSError as error:
        log.warning("the simulator cannot draw; only real pictures are offered: %s", error)
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
