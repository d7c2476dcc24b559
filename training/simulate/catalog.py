"""Draw the images of the simulated catalog, with their true values and `data:` URIs."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL.Image import Image

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
    """True values. (n, 5)"""
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


def draw_catalog(count: int, *, seed: int) -> Catalog:
    """The same images for a seed; some show combinations that training never showed."""
    rng = np.random.default_rng((seed, 0xCA7A))
    return _render(draw_images(rng, count), rng)


def reference_images(user: SimulatedUser, side: int, *, seed: int) -> tuple[Catalog, Catalog]:
    """`side` liked and `side` disliked images with which a user starts."""
    number = int(user.name.rpartition("-")[2])
    rng = np.random.default_rng((seed, 0x4EF5, number))
    liked = user.taste.likes[rng.integers(len(user.taste.likes), size=side)]
    disliked = user.taste.dislikes[rng.integers(len(user.taste.dislikes), size=side)]
    return _render(liked, rng), _render(disliked, rng)


def _render(shown: Attributes, rng: np.random.Generator) -> Catalog:
    images: list[Image] = []
    for begin in range(0, len(shown), RENDER_BATCH):
        batch = shown[begin : begin + RENDER_BATCH]
        images += [as_image(p) for p in render(draw_scenes(rng, len(batch)), batch, rng)]
    return Catalog(shown, tuple(images), tuple(map(_uri, images)))


def _uri(image: Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
