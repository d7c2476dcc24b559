"""Draw held-out users and the pairs of images that a model must tell apart for them.

Every drawing is rendered anew from the evaluation's own seeds, so none was ever in a pool. Users
alternate between style-color combinations met in training and combinations held out of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Element
from shared.vlm.protocol import References
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.users.users import Kind, User, Words, draw_user, references
from training.prefersim.values.vocabulary import Attributes, words_of

PairKind = Literal["all-different", "one-element"]

STREAM: Final = 0xE7A1
"""Stands between the seed and the user's number: no pool draws from seeds of this shape."""
REFERENCES: Final = 5
"""Liked and disliked images each, as many as the paper shows (arXiv 2511.00609)."""


@dataclass(frozen=True)
class Pair:
    """Two images of the same scene; this user prefers the better one."""

    kind: PairKind
    element: Element | None
    """What a one-element pair differs in."""
    better: Image
    worse: Image
    better_shows: dict[Element, str]
    worse_shows: dict[Element, str]


@dataclass(frozen=True)
class HeldOutUser:
    """A user nobody has met, with what a service would see of them and the truth."""

    kind: Kind
    likes: Words
    dislikes: Words
    references: References
    pairs: tuple[Pair, ...]


def draw_held_out_users(
    count: int, *, seed: int, multi: bool = False, references_a_side: int = REFERENCES
) -> list[HeldOutUser]:
    """The same users for a seed, and the first ones the same for any count."""
    return [
        _draw(number, seed=seed, multi=multi, references_a_side=references_a_side)
        for number in range(count)
    ]


def _draw(number: int, *, seed: int, multi: bool, references_a_side: int) -> HeldOutUser:
    rng = np.random.default_rng((seed, STREAM, number))
    kind = Kind(multi=multi, unseen=number % 2 == 1)
    user = draw_user(rng, kind)
    shown = [
        *references(rng, user.likes, references_a_side),
        *references(rng, user.dislikes, references_a_side),
    ]
    images = _draw_images(rng, np.array(shown), np.arange(len(shown)))
    return HeldOutUser(
        kind,
        user.like_words,
        user.dislike_words,
        References(tuple(images[:references_a_side]), tuple(images[references_a_side:])),
        tuple(_draw_pairs(rng, user)),
    )


def _draw_pairs(rng: np.random.Generator, user: User) -> Iterator[Pair]:
    """One pair that differs in everything, and one for each element alone."""
    values: list[Attributes] = []
    for element in (None, *range(len(ELEMENTS))):
        like, dislike = rng.choice(user.likes), rng.choice(user.dislikes)
        shared = np.where(rng.random(len(ELEMENTS)) < 0.5, like, dislike)
        differs = np.array([element in (None, j) for j in range(len(ELEMENTS))])
        values += [np.where(differs, like, shared), np.where(differs, dislike, shared)]
    images = _draw_images(rng, np.array(values), np.arange(len(values)) // 2)
    for k, element in enumerate((None, *ELEMENTS)):
        yield Pair(
            "all-different" if element is None else "one-element",
            element,
            better=images[2 * k],
            worse=images[2 * k + 1],
            better_shows=words_of(values[2 * k]),
            worse_shows=words_of(values[2 * k + 1]),
        )


def _draw_images(
    rng: np.random.Generator, attributes: Attributes, scene_of: np.ndarray
) -> list[Image]:
    """Drawings of the given values; those with the same number in `scene_of` share their scene."""
    scenes = draw_scenes(rng, int(scene_of.max()) + 1).take(scene_of)
    return [as_image(pixels) for pixels in render(scenes, attributes, rng)]
