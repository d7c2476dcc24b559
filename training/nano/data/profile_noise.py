"""Add noise to a true profile, as real profiles have it: gaps, any order, synonyms."""

from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS
from training.prefersim.users.users import User, Words
from training.prefersim.values.synonyms import to_synonyms

NOTHING_KNOWN: Final = 0.04
ONLY_LIKES: Final = 0.06
ONLY_DISLIKES: Final = 0.03
WITH_GAPS: Final = 0.11
"""Shares of profiles with an unknown side or unknown elements; the others are complete."""
GAP_BOTH, GAP_LIKES, GAP_DISLIKES = 0.25, 0.10, 0.10
SYNONYM_SHARE: Final = 0.4
"""Share of profiles whose words are random synonyms."""


def noisy_profile(rng: np.random.Generator, user: User, *, gaps: bool) -> tuple[Words, Words]:
    """Likes and dislikes with noise; without `gaps` every element stays known."""
    likes, dislikes = dict(user.like_words), dict(user.dislike_words)
    if gaps:
        _drop(rng, likes, dislikes)
    likes, dislikes = _shuffled(rng, likes), _shuffled(rng, dislikes)
    if rng.random() < SYNONYM_SHARE:
        return to_synonyms(rng, likes), to_synonyms(rng, dislikes)
    return likes, dislikes


def _drop(rng: np.random.Generator, likes: Words, dislikes: Words) -> None:
    """Remove unknown elements, in place."""
    case = rng.random() - np.cumsum((NOTHING_KNOWN, ONLY_LIKES, ONLY_DISLIKES, WITH_GAPS))
    if case[0] < 0:
        likes.clear()
        dislikes.clear()
    elif case[1] < 0:
        dislikes.clear()
    elif case[2] < 0:
        likes.clear()
    elif case[3] < 0:
        for element in ELEMENTS:
            gap = rng.random() - np.cumsum((GAP_BOTH, GAP_LIKES, GAP_DISLIKES))
            if gap[0] < 0 or gap[1] < 0:
                likes.pop(element)
            if gap[0] < 0 or (gap[1] >= 0 and gap[2] < 0):
                dislikes.pop(element)


def _shuffled(rng: np.random.Generator, side: Words) -> Words:
    # The words of a profile come in order of weight, not of the vocabulary.
    return {e: tuple(str(word) for word in rng.permutation(words)) for e, words in side.items()}
