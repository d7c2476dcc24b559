"""Draw the catalog and the references: scenes in unfamiliar styles, with their true values.

The scenes are pictures of packages that are held out of all training and of all choices
(`training/evaluation/real_pictures`), or, without packages, drawn subjects that no training draws.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.domain.taste import ELEMENTS
from training.evaluation.real_pictures.picture_sets import PICTURE_SETS
from training.evaluation.real_pictures.pictures.packages import extracted
from training.evaluation.real_pictures.pictures.selection import select
from training.prefersim.drawing.held_out_subjects import HELD_OUT_SUBJECTS
from training.prefersim.drawing.renderer import as_image
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import Attributes
from training.simulate.unfamiliar.rendering import render
from training.simulate.unfamiliar.scenes import DrawnLight, Light, PictureLight, picture_light
from training.simulate.unfamiliar.users import UnfamiliarUser
from training.simulate.unfamiliar.values import UNFAMILIAR_VALUES

Rng = np.random.Generator
Numbers = npt.NDArray[np.int64]
SELECTION_SEED: Final = 20_261
"""Of the pictures of each set."""
TRUE_TO_TASTE: Final = 0.85
"""Chance of each element of a reference to show the taste; otherwise it shows any value."""
RENDER_BATCH: Final = 256
"""Images in one call of the renderer."""
SKEWED: Final = (0, 1)
"""Columns of which one value is frequent in a skewed catalog: art style and color."""
_SIZES: Final = tuple(len(UNFAMILIAR_VALUES[element]) for element in ELEMENTS)


@dataclass(frozen=True)
class Scenery:
    """The scenes that images show, each with the number of its subject."""

    subjects: tuple[str, ...]
    pictures: PictureLight | None = None
    of_picture: Numbers | None = None
    """Subject of each picture. (n,)"""

    def draw(self, rng: Rng, subjects: Numbers) -> Light:
        """One random scene of each of these subjects. (n,)"""
        if self.pictures is None or self.of_picture is None:
            return DrawnLight(draw_scenes(rng, len(subjects), subjects=subjects))
        places = [np.flatnonzero(self.of_picture == subject) for subject in subjects]
        return self.pictures.take(np.array([int(rng.choice(place)) for place in places]))


def drawn_scenery() -> Scenery:
    """The drawn subjects that no training draws."""
    return Scenery(tuple(HELD_OUT_SUBJECTS))


def picture_scenery(cache: Path) -> Scenery:
    """The pictures of held-out packages, downloaded once into `cache`; raises `CannotFetch`."""
    held_out = [one for one in PICTURE_SETS if one.use == "held_out"]
    images: list[Image.Image] = []
    subjects: list[int] = []
    for number, picture_set in enumerate(held_out):
        folder = extracted(picture_set.package, cache)
        for picture in select(picture_set, folder, seed=SELECTION_SEED):
            with Image.open(io.BytesIO(picture.data)) as image:
                images.append(image.convert("RGBA"))
            subjects.append(number)
    names = tuple(one.subject for one in held_out)
    return Scenery(names, picture_light(images), np.array(subjects, np.int64))


def draw_values(rng: Rng, count: int, *, skew: float, subjects: int) -> Attributes:
    """Values of images, with a sixth column for the subject. (n, 6)

    `skew` is the share 0-1 of the images that show one frequent value of art style, and of color,
    in addition to its equal part.
    """
    shown = np.stack([rng.integers(size, size=count) for size in _SIZES], axis=1)
    for column in SKEWED if skew > 0 else ():
        shown[rng.random(count) < skew, column] = rng.integers(_SIZES[column])
    return np.column_stack([shown, rng.integers(subjects, size=count)])


def draw_images(scenery: Scenery, shown: Attributes, rng: Rng) -> list[Image.Image]:
    """Images of 84 pixels with these values. (n, 6)"""
    images: list[Image.Image] = []
    for begin in range(0, len(shown), RENDER_BATCH):
        batch = shown[begin : begin + RENDER_BATCH]
        light = scenery.draw(rng, batch[:, len(ELEMENTS)])
        images += [as_image(one) for one in render(light, batch[:, : len(ELEMENTS)], rng)]
    return images


def reference_values(
    user: UnfamiliarUser, side: int, rng: Rng, *, subjects: int
) -> tuple[Attributes, Attributes]:
    """Values of `side` liked and `side` disliked images with which a user starts. (side, 6) each

    Most elements of each show the taste. Where subjects count, the more they count the more often
    the liked or disliked one is shown.
    """
    taste = user.subject_taste
    chances = (taste.weight if taste else 0.0, (taste.liked, taste.disliked) if taste else (0, 0))
    liked, disliked = (
        _of_side(rng, rows, side, chances[0], subject, subjects)
        for rows, subject in zip((user.taste.likes, user.taste.dislikes), chances[1], strict=True)
    )
    return liked, disliked


def _of_side(
    rng: Rng, rows: Attributes, count: int, weight: float, subject: int, subjects: int
) -> Attributes:
    chosen = rows[rng.integers(len(rows), size=count)]
    anything = np.stack([rng.integers(size, size=count) for size in _SIZES], axis=1)
    values = np.where(rng.random(chosen.shape) < TRUE_TO_TASTE, chosen, anything)
    shown = np.where(rng.random(count) < weight, subject, rng.integers(subjects, size=count))
    return np.column_stack([values, shown])
