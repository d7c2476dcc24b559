"""Draw the images of the simulated catalog, with their true values and `data:` URIs."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS
from training.prefersim.drawing.held_out_subjects import HELD_OUT_SUBJECTS
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import Attributes
from training.simulate.users import SimulatedUser, draw_images

RENDER_BATCH = 256
"""Drawings in one call of the renderer."""


@dataclass(frozen=True)
class Catalog:
    """Images by number."""

    shown: Attributes
    """True values. (n, 5), or (n, 6) with the numbers of held-out subjects"""
    images: tuple[Image, ...]
    uris: tuple[str, ...]
    """`data:` URIs, so that no server and no folder has to be allowed."""

    def __len__(self) -> int:
        return len(self.images)

    @staticmethod
    def name(number: int) -> str:
        return f"img-{number:05d}"

    @staticmethod
    def number(name: str) -> int:
        return int(name.removeprefix("img-"))


def draw_catalog(count: int, *, seed: int, skew: float = 0.0, subjects: bool = False) -> Catalog:
    """The same images for a seed; some show combinations that training never showed."""
    rng = np.random.default_rng((seed, 0xCA7A))
    return _render(draw_images(rng, count, skew=skew, subjects=subjects), rng)


def reference_images(user: SimulatedUser, side: int, *, seed: int) -> tuple[Catalog, Catalog]:
    """`side` liked and `side` disliked images with which a user starts.

    Where subjects count, each shows the liked or disliked one more often the more they count.
    """
    number = int(user.name.rpartition("-")[2])
    rng = np.random.default_rng((seed, 0x4EF5, number))
    liked = user.taste.likes[rng.integers(len(user.taste.likes), size=side)]
    disliked = user.taste.dislikes[rng.integers(len(user.taste.dislikes), size=side)]
    taste = user.subject_taste
    if taste is not None:
        liked = _with_subjects(rng, liked, taste.liked, taste.weight)
        disliked = _with_subjects(rng, disliked, taste.disliked, taste.weight)
    return _render(liked, rng), _render(disliked, rng)


def _with_subjects(
    rng: np.random.Generator, shown: Attributes, subject: int, weight: float
) -> Attributes:
    others = rng.integers(len(HELD_OUT_SUBJECTS), size=len(shown))
    is_chosen = rng.random(len(shown)) < weight
    return np.column_stack([shown, np.where(is_chosen, subject, others)])


def _render(shown: Attributes, rng: np.random.Generator) -> Catalog:
    images: list[Image] = []
    for begin in range(0, len(shown), RENDER_BATCH):
        batch = shown[begin : begin + RENDER_BATCH]
        values, subjects = batch[:, : len(ELEMENTS)], batch[:, len(ELEMENTS) :]
        scenes = draw_scenes(rng, len(batch), subjects=subjects[:, 0] if subjects.size else None)
        images += [as_image(p) for p in render(scenes, values, rng)]
    return Catalog(shown, tuple(images), tuple(map(uri_of, images)))


def uri_of(image: Image) -> str:
    """A `data:` URI with the PNG of an image."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
