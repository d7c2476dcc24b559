"""The images that may be shown: drawn once, known by their true values, sent inside events."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL.Image import Image

from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import Attributes
from training.simulate.users import Person, draw_images

AT_ONCE = 256
"""Drawings in one call of the renderer."""


@dataclass(frozen=True)
class Catalogue:
    """Images by number."""

    shown: Attributes
    """True values. (n, 5)"""
    images: tuple[Image, ...]
    addresses: tuple[str, ...]
    """`data:` addresses, so that no server and no folder has to be allowed."""

    def __len__(self) -> int:
        return len(self.images)

    @staticmethod
    def name(number: int) -> str:
        return f"img-{number:05d}"

    @staticmethod
    def number(name: str) -> int:
        return int(name.removeprefix("img-"))


def draw_catalogue(count: int, *, seed: int) -> Catalogue:
    """The same for a seed; a part of it shows what training never did."""
    rng = np.random.default_rng((seed, 0xCA7A))
    return _rendered(draw_images(rng, count), rng)


def references_of(person: Person, side: int, *, seed: int) -> tuple[Catalogue, Catalogue]:
    """What a person shows of their taste at the start: `side` liked and disliked images."""
    number = int(person.name.rpartition("-")[2])
    rng = np.random.default_rng((seed, 0x4EF5, number))
    liked = person.taste.likes[rng.integers(len(person.taste.likes), size=side)]
    disliked = person.taste.dislikes[rng.integers(len(person.taste.dislikes), size=side)]
    return _rendered(liked, rng), _rendered(disliked, rng)


def _rendered(shown: Attributes, rng: np.random.Generator) -> Catalogue:
    images: list[Image] = []
    for at in range(0, len(shown), AT_ONCE):
        part = shown[at : at + AT_ONCE]
        images += [as_image(p) for p in render(draw_scenes(rng, len(part)), part, rng)]
    return Catalogue(shown, tuple(images), tuple(map(_address, images)))


def _address(image: Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
