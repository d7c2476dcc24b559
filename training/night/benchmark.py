"""Draw the frozen benchmark: the same simulated people on every night, in the four splits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.taste import ELEMENTS
from shared.vlm.protocol import References
from training.prefersim.renderer import as_image, render
from training.prefersim.scenes import draw_scenes
from training.prefersim.users import KINDS, Kind, User, draw_user, references

STREAM: Final = 0xBE7C
"""Stands between the kind and the person's number: no training draws from these."""
SIDE: Final = 5
"""References a side, as in the paper (arXiv 2511.00609)."""
PAIRS: Final = 5
"""Of one person: a pair asked costs two scores, a person also ten images to look at."""
DIFFERS: Final = 0.4
"""Chance of each element to differ within a pair; few differ in all five, which would be easy."""


@dataclass(frozen=True)
class Person:
    """One simulated person with references and pairs, the preferred image first."""

    split: str
    name: str
    references: References
    pairs: tuple[tuple[Image, Image], ...]


def people(a_split: int) -> Iterator[Person]:
    """The splits in turn, so that the first ones are of all splits whenever time ends."""
    for number in range(a_split):
        for place, kind in enumerate(KINDS):
            yield _person(kind, np.random.default_rng((STREAM, place, number)), number)


def _person(kind: Kind, rng: np.random.Generator, number: int) -> Person:
    user = draw_user(rng, kind)
    shown = [*references(rng, user.likes, SIDE), *references(rng, user.dislikes, SIDE)]
    # A liked and a disliked reference share each scene, and so do the two images of a pair.
    scene = [*range(SIDE), *range(SIDE)]
    for at in range(PAIRS):
        shown += _pair(rng, user)
        scene += [SIDE + at] * 2
    scenes = draw_scenes(rng, SIDE + PAIRS).take(np.array(scene))
    images = [as_image(pixels) for pixels in render(scenes, np.array(shown), rng)]
    pairs = images[2 * SIDE :]
    return Person(
        str(kind),
        f"{kind}/{number}",
        References(tuple(images[:SIDE]), tuple(images[SIDE : 2 * SIDE])),
        tuple((pairs[at], pairs[at + 1]) for at in range(0, len(pairs), 2)),
    )


def _pair(rng: np.random.Generator, user: User) -> tuple[np.ndarray, np.ndarray]:
    """Values that differ in some elements, where the first shows liked ones."""
    like, dislike = rng.choice(user.likes), rng.choice(user.dislikes)
    same = np.where(rng.random(len(ELEMENTS)) < 0.5, like, dislike)
    differs = rng.random(len(ELEMENTS)) < DIFFERS
    differs[rng.integers(len(ELEMENTS))] = True
    return np.where(differs, like, same), np.where(differs, dislike, same)
