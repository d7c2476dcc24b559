"""Simulated users: whole tastes over the drawn values, some combinations kept for testing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from training.prefersim.values.vocabulary import SIZES, VALUES, Attributes, held_out

Words = dict[Element, tuple[str, ...]]
"""One side of a taste in plain words, as `shared.prompting.prompt.SideWords`."""


@dataclass(frozen=True)
class Kind:
    """Which users: with one taste or two, of combinations seen in training or held out."""

    multi: bool = False
    unseen: bool = False

    def __str__(self) -> str:
        return f"{'multi' if self.multi else 'single'}_{'unseen' if self.unseen else 'seen'}"


KINDS = (Kind(), Kind(unseen=True), Kind(multi=True), Kind(multi=True, unseen=True))
"""The four splits of the benchmark."""
HARD_REFERENCES = 8
"""References of a side where one or two contradict the taste."""


@dataclass(frozen=True)
class User:
    """A user's liked and disliked value combinations: one row a taste. (1 or 2, 5)"""

    likes: Attributes
    dislikes: Attributes

    @property
    def like_words(self) -> Words:
        return words_in(self.likes)

    @property
    def dislike_words(self) -> Words:
        return words_in(self.dislikes)


def draw_user(rng: np.random.Generator, kind: Kind) -> User:
    """A user none of whose values repeat within an element, liked or disliked."""
    tastes = 2 if kind.multi else 1
    while True:  # whether a combination is held out is decided by style and color alone
        pair = np.stack([rng.permutation(size)[: 2 * tastes] for size in SIZES[:2]], axis=1)
        if all(_allowed(side, unseen=kind.unseen) for side in (pair[:tastes], pair[tastes:])):
            break
    rest = [rng.permutation(size)[: 2 * tastes] for size in SIZES[2:]]
    values = np.column_stack([pair, *rest])
    return User(values[:tastes], values[tastes:])


def references(rng: np.random.Generator, side: Attributes, count: int) -> Attributes:
    """What `count` reference images of one side show; two tastes take turns in random order."""
    turns = np.arange(count) % len(side)
    if len(side) > 1:
        turns = rng.permutation((turns + rng.integers(len(side))) % len(side))
    return side[turns]


def hard_references(rng: np.random.Generator, side: Attributes, other: Attributes) -> Attributes:
    """Eight references of one side, of which one or two show a taste of the other: (8, 5)."""
    contradicting = int(rng.integers(1, 3))
    shown = np.concatenate(
        [
            references(rng, side, HARD_REFERENCES - contradicting),
            references(rng, other, contradicting),
        ]
    )
    return np.asarray(rng.permutation(shown))


def words_in(rows: Attributes | Sequence[Attributes]) -> Words:
    """The words that occur in some drawings, in the order of the vocabulary."""
    table = np.asarray(rows).reshape(-1, len(ELEMENTS))
    return {
        element: tuple(VALUES[element][k] for k in np.unique(table[:, j]))
        for j, element in enumerate(ELEMENTS)
    }


def _allowed(side: Attributes, *, unseen: bool) -> bool:
    """Held-out users have only held-out combinations; the others can meet none, even crosswise."""
    if unseen:
        return bool(held_out(side).all())
    crossed = np.array([(i, j) for i in side[:, 0] for j in side[:, 1]])
    return not held_out(crossed).any()
