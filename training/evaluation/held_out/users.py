"""Draw held-out users with references and pairs of images.

Every drawing is rendered from the seeds of the evaluation, so no training pool contains it. Users
alternate between style-color combinations of the training and held-out combinations.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Element
from shared.vlm.protocol import References
from training.prefersim.drawing.renderer import draw_images
from training.prefersim.users.users import Kind, User, Words, draw_user, references
from training.prefersim.values.vocabulary import Attributes, words_of

PairKind = Literal["all-different", "one-element"]

STREAM: Final = 0xE7A1
"""Separates these random numbers from those of the training pools."""
REFERENCES: Final = 5
"""Liked images and disliked images of a user: five each, as in the paper (arXiv 2511.00609)."""


@dataclass(frozen=True)
class ImagePair:
    """Two images of the same scene; the user prefers the better image."""

    kind: PairKind
    element: Element | None
    """The element in which a one-element pair differs."""
    better: Image
    worse: Image
    better_shows: dict[Element, str]
    worse_shows: dict[Element, str]


@dataclass(frozen=True)
class HeldOutUser:
    """A user with the references that a service would get, and the true profile."""

    kind: Kind
    likes: Words
    dislikes: Words
    references: References
    pairs: tuple[ImagePair, ...]


def draw_held_out_users(
    count: int, *, seed: int, multi: bool = False, references_per_side: int = REFERENCES
) -> list[HeldOutUser]:
    """A seed always gives the same users; a larger count adds users at the end."""
    return [
        _draw(number, seed=seed, multi=multi, references_per_side=references_per_side)
        for number in range(count)
    ]


def _draw(number: int, *, seed: int, multi: bool, references_per_side: int) -> HeldOutUser:
    rng = np.random.default_rng((seed, STREAM, number))
    kind = Kind(multi=multi, unseen=number % 2 == 1)
    user = draw_user(rng, kind)
    shown = [
        *references(rng, user.likes, references_per_side),
        *references(rng, user.dislikes, references_per_side),
    ]
    images = draw_images(rng, np.array(shown), np.arange(len(shown)))
    return HeldOutUser(
        kind,
        user.like_words,
        user.dislike_words,
        References(tuple(images[:references_per_side]), tuple(images[references_per_side:])),
        tuple(_draw_pairs(rng, user)),
    )


def _draw_pairs(rng: np.random.Generator, user: User) -> Iterator[ImagePair]:
    """One pair that differs in every element, and one pair for each single element."""
    values: list[Attributes] = []
    for element in (None, *range(len(ELEMENTS))):
        like, dislike = rng.choice(user.likes), rng.choice(user.dislikes)
        shared = np.where(rng.random(len(ELEMENTS)) < 0.5, like, dislike)
        differs = np.array([element in (None, j) for j in range(len(ELEMENTS))])
        values += [np.where(differs, like, shared), np.where(differs, dislike, shared)]
    images = draw_images(rng, np.array(values), np.arange(len(values)) // 2)
    for k, element in enumerate((None, *ELEMENTS)):
        yield ImagePair(
            "all-different" if element is None else "one-element",
            element,
            better=images[2 * k],
            worse=images[2 * k + 1],
            better_shows=words_of(values[2 * k]),
            worse_shows=words_of(values[2 * k + 1]),
        )
