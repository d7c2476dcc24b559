"""Draw simulated users with one or two tastes, and choose their reference images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from training.prefersim.values.vocabulary import SIZES, VALUES, Attributes, held_out

Words = dict[Element, tuple[str, ...]]
"""One side of a taste in words, like `shared.prompting.prompt.SideWords`."""


@dataclass(frozen=True)
class Kind:
    """Kind of user: one taste or two, of combinations seen in training or held out."""

    multi: bool = False
    unseen: bool = False

    def __str__(self) -> str:
        return f"{'multi' if self.multi else 'single'}_{'unseen' if self.unseen else 'seen'}"


KINDS = (Kind(), Kind(unseen=True), Kind(multi=True), Kind(multi=True, unseen=True))
"""The users of the four benchmark sets."""
HARD_REFERENCES = 8
"""References per side on the hard level; one or two of them contradict the taste."""


@dataclass(frozen=True)
class User:
    """A user's liked and disliked value combinations, one row per taste: (1 or 2, 5)."""

    likes: Attributes
    dislikes: Attributes

    @property
    def like_words(self) -> Words:
        return words_in(self.likes)

    @property
    def dislike_words(self) -> Words:
        return words_in(self.dislikes)


def draw_user(rng: np.random.Generator, kind: Kind) -> User:
    """A random user; within an element, no value occurs twice, liked or disliked."""
    tastes = 2 if kind.multi else 1
    while True:  # only style and color decide whether a combination is held out
        pair = np.stack([rng.permutation(size)[: 2 * tastes] for size in SIZES[:2]], axis=1)
        if all(_allowed(side, unseen=kind.unseen) for side in (pair[:tastes], pair[tastes:])):
            break
    rest = [rng.permutation(size)[: 2 * tastes] for size in SIZES[2:]]
    values = np.column_stack([pair, *rest])
    return User(values[:tastes], values[tastes:])


def references(rng: np.random.Generator, side: Attributes, count: int) -> Attributes:
    """Values of `count` references of one side; two tastes have equal shares, in random order."""
    taste_of = np.arange(count) % len(side)
    if len(side) > 1:
        taste_of = rng.permutation((taste_of + rng.integers(len(side))) % len(side))
    return side[taste_of]


def hard_references(rng: np.random.Generator, side: Attributes, other: Attributes) -> Attributes:
    """Eight references of one side; one or two of them show a taste of the other side: (8, 5)."""
    contradicting = int(rng.integers(1, 3))
    values = np.concatenate(
        [
            references(rng, side, HARD_REFERENCES - contradicting),
            references(rng, other, contradicting),
        ]
    )
    return np.asarray(rng.permutation(values))


def words_in(rows: Attributes | Sequence[Attributes]) -> Words:
    """The words that occur in these rows, for each element in the order of the vocabulary."""
    table = np.asarray(rows).reshape(-1, len(ELEMENTS))
    return {
        element: tuple(VALUES[element][k] for k in np.unique(table[:, j]))
        for j, element in enumerate(ELEMENTS)
    }


def _allowed(side: Attributes, *, unseen: bool) -> bool:
    """Whether the combinations fit the kind of user.

    Users of `unseen` have only held-out combinations. All other users have none, also not when the
    style of one taste is combined with the color of the other.
    """
    if unseen:
        return bool(held_out(side).all())
    crossed = np.array([(i, j) for i in side[:, 0] for j in side[:, 1]])
    return not held_out(crossed).any()
