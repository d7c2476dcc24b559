"""Choose what candidates show: pairs that differ in all elements or in one, and whole slates."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS
from training.prefersim.users.true_answers import true_total
from training.prefersim.users.users import User
from training.prefersim.values.vocabulary import SIZES, Attributes, held_out, words_of

LIKED, NEUTRAL, DISLIKED = 0, 1, 2
DECIDING: Final = ((LIKED, DISLIKED), (LIKED, NEUTRAL), (NEUTRAL, DISLIKED))
"""What the better and the worse image of a hard pair show of the element that decides."""
DECIDING_SHARES: Final = (0.5, 0.25, 0.25)
SAME_SHARES: Final = (0.35, 0.3, 0.35)
"""Liked, neutral, disliked: what both images of a hard pair show of the other elements."""
STRAY: Final = 0.25
"""Chance that an element of an image of a slate is neutral."""


@dataclass(frozen=True)
class Pair:
    """The values of two candidates, of which this user prefers the first."""

    better: Attributes
    worse: Attributes
    element: int | None
    """The one element that they differ in, or None where they differ in all."""


def easy_pair(rng: np.random.Generator, user: User) -> Pair:
    """The paper's: one candidate shows a liked taste, the other a disliked one, in all elements."""
    return Pair(rng.choice(user.likes), rng.choice(user.dislikes), None)


def hard_pair(rng: np.random.Generator, user: User, *, unseen: bool = False) -> Pair:
    """Candidates that differ in one element only; the others are liked, neutral or disliked.

    Without `unseen` neither shows a combination of style and color that is held out.
    """
    while True:
        element = int(rng.integers(len(ELEMENTS)))
        better_is, worse_is = DECIDING[rng.choice(len(DECIDING), p=DECIDING_SHARES)]
        source = rng.choice(3, size=len(ELEMENTS), p=SAME_SHARES)
        better = np.array([_value(rng, user, j, int(k)) for j, k in enumerate(source)])
        worse = better.copy()
        better[element] = _value(rng, user, element, better_is)
        worse[element] = _value(rng, user, element, worse_is)
        allowed = unseen or not held_out(np.stack([better, worse])).any()
        pair = _pair(user, better, worse)
        if allowed and pair is not None:
            return pair


def pairs_by_word(rng: np.random.Generator, user: User) -> tuple[Pair, ...]:
    """Pairs that turn on one word each: a liked or a disliked value against a neutral one.

    Ten pairs, two an element, of eleven images; one image is in all of them, none is held out.
    Where a taste leaves no neutral value, one pair of a liked and a disliked value is left.
    """
    everything = range(len(ELEMENTS))
    while True:
        common = np.array([_value(rng, user, j, NEUTRAL) for j in everything])
        others = np.tile(common, (len(ELEMENTS), 2, 1))
        for j in everything:
            others[j, :, j] = [_value(rng, user, j, kind) for kind in (LIKED, DISLIKED)]
        if not held_out(others).any() and not held_out(common):
            pairs = [_pair(user, common, other) for row in others for other in row]
            return tuple(pair for pair in pairs if pair is not None)


def _pair(user: User, one: Attributes, other: Attributes) -> Pair | None:
    """Of images that differ in one element at most; None where this user likes both alike."""
    first, second = relevance(user, np.stack([one, other]))
    if first == second:
        return None
    better, worse = (one, other) if first > second else (other, one)
    return Pair(better, worse, int(np.argmax(one != other)))


def slate(
    rng: np.random.Generator, user: User, count: int = 20, *, unseen: bool = False
) -> Attributes:
    """Candidates from showing only disliked values to only liked ones, in random order: (n, 5)."""
    rows = np.empty((count, len(ELEMENTS)), np.int64)
    for row, liking in zip(rows, rng.permutation(np.linspace(0, 1, count)), strict=True):
        while True:
            source = np.where(rng.random(len(ELEMENTS)) < liking, LIKED, DISLIKED)
            if 0 < liking < 1:
                source = np.where(rng.random(len(ELEMENTS)) < STRAY, NEUTRAL, source)
            row[:] = [_value(rng, user, j, int(k)) for j, k in enumerate(source)]
            if unseen or not held_out(row):
                break
    return rows


def relevance(user: User, rows: Attributes) -> npt.NDArray[np.int64]:
    """How much this user likes each candidate: the sum of five digits, 0-25. (n,)"""
    likes, dislikes = user.like_words, user.dislike_words
    return np.array([true_total(words_of(row), likes=likes, dislikes=dislikes) for row in rows])


def _value(rng: np.random.Generator, user: User, element: int, kind: int) -> int:
    """A value that is liked, disliked, or named on neither side where there is one left."""
    liked, disliked = user.likes[:, element], user.dislikes[:, element]
    if kind == NEUTRAL:
        unnamed = np.setdiff1d(np.arange(SIZES[element]), np.concatenate([liked, disliked]))
        if len(unnamed):
            return int(rng.choice(unnamed))
        kind = LIKED if rng.random() < 0.5 else DISLIKED
    return int(rng.choice(liked if kind == LIKED else disliked))
