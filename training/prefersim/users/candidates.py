"""Choose the values of candidates: pairs that differ in all elements or in one, and slates."""

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
"""Kinds of value of the better and the worse image, for the deciding element of a hard pair."""
DECIDING_SHARES: Final = (0.5, 0.25, 0.25)
"""Probability of each entry of `DECIDING`."""
SAME_SHARES: Final = (0.35, 0.3, 0.35)
"""Probability of a liked, neutral or disliked value, for the other elements of a hard pair."""
NEUTRAL_SHARE: Final = 0.25
"""Probability that an element of an image in a slate is neutral."""


@dataclass(frozen=True)
class Pair:
    """The values of two candidates; the user prefers `better`."""

    better: Attributes
    worse: Attributes
    element: int | None
    """Index of the only element in which they differ, or None if they differ in all."""


def easy_pair(rng: np.random.Generator, user: User) -> Pair:
    """A pair as in the paper: one candidate shows a liked taste, the other a disliked taste."""
    return Pair(rng.choice(user.likes), rng.choice(user.dislikes), None)


def hard_pair(rng: np.random.Generator, user: User, *, unseen: bool = False) -> Pair:
    """Candidates that differ in one element; the others are liked, neutral or disliked.

    Without `unseen`, no candidate shows a held-out combination of style and color.
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
    """Pairs that each depend on one word: a liked or a disliked value against a neutral one.

    There are ten pairs of eleven images, two per element. One image is in all pairs, and no image
    is held out. An element without a neutral value has one pair, of a liked and a disliked value.
    """
    elements = range(len(ELEMENTS))
    while True:
        common = np.array([_value(rng, user, j, NEUTRAL) for j in elements])
        others = np.tile(common, (len(ELEMENTS), 2, 1))
        for j in elements:
            others[j, :, j] = [_value(rng, user, j, kind) for kind in (LIKED, DISLIKED)]
        if not held_out(others).any() and not held_out(common):
            pairs = [_pair(user, common, other) for row in others for other in row]
            return tuple(pair for pair in pairs if pair is not None)


def _pair(user: User, a: Attributes, b: Attributes) -> Pair | None:
    """Two images that differ in at most one element, as a pair; None if their scores are equal."""
    score_a, score_b = relevance(user, np.stack([a, b]))
    if score_a == score_b:
        return None
    better, worse = (a, b) if score_a > score_b else (b, a)
    return Pair(better, worse, int(np.argmax(a != b)))


def slate(
    rng: np.random.Generator, user: User, count: int = 20, *, unseen: bool = False
) -> Attributes:
    """Candidates from all-disliked to all-liked values, in random order: (count, 5)."""
    rows = np.empty((count, len(ELEMENTS)), np.int64)
    for row, liked_share in zip(rows, rng.permutation(np.linspace(0, 1, count)), strict=True):
        while True:
            source = np.where(rng.random(len(ELEMENTS)) < liked_share, LIKED, DISLIKED)
            if 0 < liked_share < 1:
                source = np.where(rng.random(len(ELEMENTS)) < NEUTRAL_SHARE, NEUTRAL, source)
            row[:] = [_value(rng, user, j, int(k)) for j, k in enumerate(source)]
            if unseen or not held_out(row):
                break
    return rows


def relevance(user: User, rows: Attributes) -> npt.NDArray[np.int64]:
    """The true score of each candidate: the sum of five digits, 0-25. (n, 5) -> (n,)"""
    likes, dislikes = user.like_words, user.dislike_words
    return np.array([true_total(words_of(row), likes=likes, dislikes=dislikes) for row in rows])


def _value(rng: np.random.Generator, user: User, element: int, kind: int) -> int:
    """A value of this kind; liked or disliked if the taste leaves no neutral value."""
    liked, disliked = user.likes[:, element], user.dislikes[:, element]
    if kind == NEUTRAL:
        neutral = np.setdiff1d(np.arange(SIZES[element]), np.concatenate([liked, disliked]))
        if len(neutral):
            return int(rng.choice(neutral))
        kind = LIKED if rng.random() < 0.5 else DISLIKED
    return int(rng.choice(liked if kind == LIKED else disliked))
