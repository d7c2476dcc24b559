"""Draw or read the images of a catalog: drawings of the simulator, or pictures of packages."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from training.evaluation.real_pictures.picture_sets import PICTURE_SETS, Use
from training.evaluation.real_pictures.pictures.packages import extracted
from training.evaluation.real_pictures.pictures.qt_resources import read_resources
from training.evaluation.real_pictures.pictures.selection import Picture, all_pictures
from training.prefersim.values.vocabulary import Attributes
from training.simulate.catalog import draw_catalog

Kind = Literal["simulated", "real"]
ENDINGS: Final = (".png", ".jpg", ".jpeg", ".webp")
MAX_SET: Final = 120
"""Pictures of one set in a catalog, so that no set fills it."""


@dataclass(frozen=True)
class CatalogImages:
    """The images of one catalog, in an order that its seed decides."""

    name: str
    images: tuple[Image, ...]
    shown: Attributes | None = None
    """True values of drawings, (images, 5)."""
    sets: tuple[str, ...] = ()
    """The set of each real picture, by its name; empty for a picture of no set."""

    def __len__(self) -> int:
        return len(self.images)


def simulated_images(count: int, *, seed: int) -> CatalogImages:
    """Drawings with values drawn at random; a larger count is another catalog."""
    catalog = draw_catalog(count, seed=seed)
    return CatalogImages(f"simulated-{count}-{seed}", catalog.images, catalog.shown)


def real_images(count: int, *, use: Use, cache: Path, seed: int) -> CatalogImages:
    """Pictures of the packages of one use: those of the named sets, filled up with others.

    Raises `CannotFetch`.
    """
    named = _sets(use, cache, seed)
    chosen = [(picture, name) for name, members in named.items() for picture in members[:MAX_SET]]
    chosen += [(picture, "") for picture in _others(use, cache, seed)]
    images: list[Image] = []
    sets: list[str] = []
    content: set[str] = set()
    settings = ImageSettings()
    for picture, name in chosen:
        if len(images) == count:
            break
        if picture.sha256 in content:
            continue
        try:
            images.append(decode(picture.data, picture.path, settings))
        except Unprocessable:
            continue
        content.add(picture.sha256)
        sets.append(name)
    return CatalogImages(f"real-{use}-{count}-{seed}", tuple(images), sets=tuple(sets))


def digest(images: Sequence[Image]) -> str:
    """A short digest of the pixels: files of other images are never read in their place."""
    total = hashlib.blake2b(digest_size=8)
    for image in images:
        total.update(f"{image.mode} {image.size}".encode())
        total.update(image.tobytes())
    return total.hexdigest()


def _sets(use: Use, cache: Path, seed: int) -> dict[str, list[Picture]]:
    """All pictures of each named set, in random order."""
    sets = {}
    for picture_set in PICTURE_SETS:
        if picture_set.use == use:
            pictures = all_pictures(picture_set, extracted(picture_set.package, cache.resolve()))
            random.Random(f"{seed}/{picture_set.name}").shuffle(pictures)
            sets[picture_set.name] = pictures
    return sets


def _others(use: Use, cache: Path, seed: int) -> list[Picture]:
    """All pictures of the packages, in random order; packages take turns."""
    packages = dict.fromkeys(s.package for s in PICTURE_SETS if s.use == use)
    rows = []
    for package in packages:
        files = list(_files(extracted(package, cache.resolve())))
        random.Random(f"{seed}/{package}").shuffle(files)
        rows += [(k / len(files), file) for k, file in enumerate(files)]
    return [picture for _, picture in sorted(rows, key=lambda row: row[0])]


def _files(folder: Path) -> Iterator[Picture]:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        path = file.relative_to(folder).as_posix()
        if file.suffix == ".rcc":
            for name, data in read_resources(file):
                if name.endswith(ENDINGS):
                    yield Picture(f"{path}!{name}", data)
        elif path.endswith(ENDINGS):
            yield Picture(path, file.read_bytes())
