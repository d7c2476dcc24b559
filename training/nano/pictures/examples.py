"""Compute the features of the training pictures and of the simulator's drawings, once."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.domain.errors import Unprocessable
from shared.domain.images.picture_alpha import ALPHA
from shared.embedding.images.package_weights import load_network
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from shared.vlm.pictures.picture_features import PictureFeatures
from shared.vlm.pictures.visible_part import visible_part
from training.evaluation.real_pictures.picture_sets import PictureSet
from training.evaluation.real_pictures.pictures.packages import extracted
from training.evaluation.real_pictures.pictures.selection import Picture, select
from training.nano.pictures.sources import MEDIUM_OF_KIND, TRAINING_SETS
from training.nano.pictures.variants import changed
from training.prefersim.drawing.degradations import degrade, draw_strength
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import sample_attributes

Floats = npt.NDArray[np.float32]

DRAWING: Final = "drawing"
"""The class of pictures that nano reads itself."""
PICTURES: Final = 50
"""Pictures of a set, and one changed variant of each."""
GRAY_EVERY: Final = 3
"""One of so many pictures takes part without color too."""
SMALLEST_SIDE: Final = 24
SMALLEST_PART: Final = 150
"""Visible pixels without which a picture shows nothing."""
DRAWINGS: Final = 800
"""Restyled photographs are not among them: with these, a fifth of soft close-ups of flowers counted
as drawings, and what is measured in restyled photographs is right as well."""
BATCH: Final = 50


@dataclass(frozen=True)
class Examples:
    """Features and classes of pictures, and the package of each."""

    statistics: Floats
    """(n, 46)"""
    textures: Floats
    """(n, 512)"""
    classes: npt.NDArray[np.str_]
    packages: npt.NDArray[np.str_]

    def take(self, chosen: npt.NDArray[np.bool_]) -> "Examples":
        return Examples(
            self.statistics[chosen],
            self.textures[chosen],
            self.classes[chosen],
            self.packages[chosen],
        )

    @classmethod
    def of(cls, parts: "list[Examples]") -> "Examples":
        return cls(
            np.concatenate([part.statistics for part in parts]),
            np.concatenate([part.textures for part in parts]),
            np.concatenate([part.classes for part in parts]),
            np.concatenate([part.packages for part in parts]),
        )


def compute_examples(
    cache: Path, run: Path, *, seed: int
) -> tuple[Examples, dict[str, list[Picture]]]:
    """All examples, and the pictures used by set; features are kept in `run`, one file a set."""
    features = PictureFeatures(load_network())
    run.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, list[Picture]] = {}
    parts = [_drawings(features, run / "drawings.npz", seed)]
    for picture_set in TRAINING_SETS:
        chosen = select(picture_set, extracted(picture_set.package, cache.resolve()), seed=seed)
        pictures[picture_set.name] = chosen[:PICTURES]
        file = run / f"{picture_set.name.replace('/', '--')}.npz"
        parts.append(_of_set(features, file, picture_set, pictures[picture_set.name], seed))
        parts.append(_gray_of_set(features, file, picture_set, pictures[picture_set.name]))
        print(f"{picture_set.name}: {len(parts[-2].classes)} examples", file=sys.stderr, flush=True)
    return Examples.of(parts), pictures


def _of_set(
    features: PictureFeatures,
    file: Path,
    picture_set: PictureSet,
    pictures: list[Picture],
    seed: int,
) -> Examples:
    def images() -> Iterator[Image.Image]:
        rng = np.random.default_rng([seed, len(picture_set.name), len(pictures)])
        for image in _decoded(pictures):
            yield image
            yield changed(image, rng)

    medium = MEDIUM_OF_KIND[picture_set.kind]
    return _kept(features, file, images(), medium, picture_set.package)


def _gray_of_set(
    features: PictureFeatures, file: Path, picture_set: PictureSet, pictures: list[Picture]
) -> Examples:
    """Some pictures without color: gray says nothing about the medium."""
    kept = file.with_suffix(".gray.npz")
    gray = (_without_color(image) for image in _decoded(pictures[::GRAY_EVERY]))
    medium = MEDIUM_OF_KIND[picture_set.kind]
    return _kept(features, kept, gray, medium, picture_set.package)


def _without_color(image: Image.Image) -> Image.Image:
    gray = image.convert("L").convert("RGB")
    gray.info |= {key: value for key, value in image.info.items() if key == ALPHA}
    return gray


def _decoded(pictures: list[Picture]) -> Iterator[Image.Image]:
    settings = ImageSettings()
    for picture in pictures:
        try:
            image = decode(picture.data, picture.path, settings)
        except Unprocessable:
            continue
        if min(image.size) >= SMALLEST_SIDE and visible_part(image).mask.sum() >= SMALLEST_PART:
            yield image


def _drawings(features: PictureFeatures, file: Path, seed: int) -> Examples:
    """Clean drawings of several sizes, and as many degraded ones."""

    def images() -> Iterator[Image.Image]:
        rng = np.random.default_rng([seed, DRAWINGS])
        for start in range(0, DRAWINGS, BATCH):
            is_degraded = start >= DRAWINGS // 2
            strength = draw_strength(rng, BATCH) if is_degraded else None
            attributes = sample_attributes(rng, BATCH)
            for number, pixels in enumerate(
                render(draw_scenes(rng, BATCH), attributes, rng, strength)
            ):
                image = as_image(pixels)
                if is_degraded:
                    yield degrade(pixels, rng)
                elif number % 3 == 0:
                    yield image.resize((336, 336), Image.Resampling.NEAREST)
                elif number % 3 == 1:
                    yield image.resize((256, 256), Image.Resampling.BICUBIC)
                else:
                    yield image

    return _kept(features, file, images(), DRAWING, "simulator")


def _kept(
    features: PictureFeatures, file: Path, images: Iterator[Image.Image], name: str, package: str
) -> Examples:
    if not file.exists():
        shown = list(images)
        parts = [visible_part(image) for image in shown]
        statistics, textures = features.statistics(shown, parts), features.textures(parts)
        np.savez(file, statistics=statistics, textures=textures.astype(np.float16))
    with np.load(file, allow_pickle=False) as content:
        statistics, textures = content["statistics"], content["textures"].astype(np.float32)
    count = len(statistics)
    return Examples(statistics, textures, np.full(count, name), np.full(count, package))
