"""Fit element weights, profiles of users and words of images to choices, in turns.

A readable latent-factor model: the factors of users and images are words, and the rule of the
scores (`shared/vlm/pictures/word_scores.py`) says how they meet. Each turn raises the penalized
likelihood of a Bradley-Terry model of the choices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS
from training.job.examples.element_weights import fit_weights
from training.job.examples.hindsight.choices import Bools, Choices
from training.job.examples.hindsight.image_words import (
    Words,
    digit_tables,
    learned_prior,
    log_odds,
    update_words,
)
from training.job.examples.hindsight.profile_search import ProfileSearch, Votes, votes_of
from training.job.examples.hindsight.readings import Readings
from training.job.examples.hindsight.vocabulary import Floats, Profile, Vocabulary

ROUNDS: Final = 3
LEAST_WEIGHT: Final = 0.3
"""Of an element, in mean weights: one that the champion misreads counts little at first, and could
otherwise never be learned."""
MEAN_WEIGHT: Final = 0.3
"""Log-odds of one digit, mean over the elements. It is not fitted: profiles are chosen to explain
the same choices, and a fitted scale became five times too certain on held-back pairs."""


@dataclass(frozen=True)
class Start:
    """What the champion knows before the choices."""

    vocabulary: Vocabulary
    readings: Readings
    samples: tuple[tuple[Profile, ...], ...]
    """By user the champion's predictions, its own profile first."""

    def known(self, choices: Choices) -> Bools:
        """Pairs of which the champion read both images. (pairs,)"""
        read = self.readings.read
        return np.asarray(read[choices.better] & read[choices.worse])

    @property
    def own(self) -> list[Profile]:
        """By user the champion's own profile."""
        empty: Profile = tuple(((), ()) for _ in ELEMENTS)
        return [samples[0] if samples else empty for samples in self.samples]


@dataclass(frozen=True)
class JointFit:
    """Profiles, words and weights that explain the choices."""

    profiles: list[Profile]
    words: Words
    weights: Floats
    """Log-odds of one digit of each element. (5,)"""


def joint_fit(
    choices: Choices, mask: Bools, start: Start, search: ProfileSearch, *, rounds: int = ROUNDS
) -> JointFit:
    """Fit to the pairs of the mask whose images the champion read.

    Other images would get the words that confirm any profile.
    """
    mask = mask & start.known(choices)
    vocabulary = start.vocabulary
    votes = [votes_of(vocabulary, samples) for samples in start.samples]
    pairs = choices.of_user(mask)
    seen = np.zeros(len(choices.images), np.bool_)
    seen[choices.better[mask]] = seen[choices.worse[mask]] = True
    words = {e: start.readings.with_doubt(e) for e in ELEMENTS}
    prior, profiles = dict(words), start.own
    weights = np.full(len(ELEMENTS), MEAN_WEIGHT)
    for _ in range(rounds):
        weights = _weights(choices, mask, words, digit_tables(vocabulary, profiles), weights)
        profiles = _profiles(choices, pairs, words, weights, votes, start, search)
        tables = digit_tables(vocabulary, profiles)
        weights = _weights(choices, mask, words, tables, weights)
        words = update_words(choices, mask, words, prior, tables, weights)
        prior = learned_prior(start.readings, words, seen)
        words = update_words(choices, mask, words, prior, tables, weights)
    profiles = _profiles(choices, pairs, words, weights, votes, start, search)
    return JointFit(profiles, words, weights)


def _profiles(
    choices: Choices, pairs: Sequence[np.ndarray], words: Words, weights: Floats,
    votes: Sequence[Sequence[Votes]], start: Start, search: ProfileSearch,
) -> list[Profile]:  # fmt: skip
    profiles = []
    for user, of_user in enumerate(pairs):
        if not len(of_user):
            profiles.append(start.own[user])
            continue
        better, worse = choices.better[of_user], choices.worse[of_user]
        differences = [
            weights[k] * (words[e][better] - words[e][worse]) for k, e in enumerate(ELEMENTS)
        ]
        profiles.append(
            search.best(differences, choices.weight[of_user], votes[user], start.samples[user])
        )
    return profiles


def _weights(
    choices: Choices, mask: Bools, words: Words, tables: Sequence[Floats], current: Floats
) -> Floats:
    if not mask.any():
        return current
    _, better, worse = log_odds(choices, words, tables, np.ones(len(ELEMENTS)))
    weight = choices.weight[mask]
    fitted = fit_weights((better - worse)[mask], weight / max(float(weight.mean()), 1e-12))
    if not fitted.any():
        return current
    relative = np.maximum(fitted / fitted.mean(), LEAST_WEIGHT)
    return np.asarray(MEAN_WEIGHT * relative / relative.mean())
