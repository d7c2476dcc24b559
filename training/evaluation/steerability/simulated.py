"""Draw simulated people with a skewed catalog: each element has a few frequent and many rare words.

The people are those of the closed loop (`training.simulate.users`); half of them like combinations
that no training shows. The words of a drawing are those with which it is drawn.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.domain.subjects.element import ProfileElement
from shared.images.loader import LoadedImage
from training.evaluation.steerability.edits import CatalogImage, Person
from training.prefersim.drawing.renderer import draw_images
from training.prefersim.users.users import references
from training.prefersim.values.vocabulary import SIZES, Attributes, words_of
from training.simulate.users import draw_users

STREAM: Final = 0x57EE
"""Separates these random numbers from those of other draws of the same seed."""
CATALOG: Final = 80
"""Images of a catalog."""
PEOPLE_A_CATALOG: Final = 10
REFERENCES: Final = 5
"""Liked references of a person, and as many disliked ones."""
Rng = np.random.Generator


def draw_people(count: int, *, seed: int) -> Iterator[Person]:
    """People of one seed, always the same; every ten of them share a catalog."""
    catalog: tuple[CatalogImage, ...] = ()
    for number, user in enumerate(draw_users(count, seed=seed)):
        if number % PEOPLE_A_CATALOG == 0:
            catalog = tuple(_catalog(np.random.default_rng((seed, STREAM, 0, number))))
        rng = np.random.default_rng((seed, STREAM, 1, number))
        liked, disliked = (
            _drawn(rng, references(rng, side, REFERENCES))
            for side in (user.taste.likes, user.taste.dislikes)
        )
        yield Person(user.name, tuple(liked), tuple(disliked), catalog)


def skewed_values(rng: Rng, count: int) -> Attributes:
    """Values of images whose frequency falls as one over its rank (Zipf), in each element. (n, 5)

    Which value is frequent is random.
    """
    columns = []
    for size in SIZES:
        weights = 1 / np.arange(1, size + 1)
        columns.append(rng.permutation(size)[rng.choice(size, count, p=weights / weights.sum())])
    return np.stack(columns, axis=1)


def loaded(image: Image, name: str) -> LoadedImage:
    """An image in memory at an address of its own."""
    pixels = image.convert("RGB")
    content_hash = hashlib.sha256(f"{name}/{pixels.size}".encode() + pixels.tobytes()).hexdigest()
    return LoadedImage(f"https://example.com/{content_hash}.png", content_hash, pixels)


def _catalog(rng: Rng) -> Iterator[CatalogImage]:
    values = skewed_values(rng, CATALOG)
    for row, image in zip(values, _drawn(rng, values), strict=True):
        shows: dict[ProfileElement, frozenset[str]] = {
            element: frozenset({word}) for element, word in words_of(row).items()
        }
        yield CatalogImage(image, shows)


def _drawn(rng: Rng, values: Attributes) -> list[LoadedImage]:
    """A drawing of each row, each of a scene of its own."""
    images = draw_images(rng, values, np.arange(len(values)))
    return [loaded(image, f"drawing-{number}") for number, image in enumerate(images)]
