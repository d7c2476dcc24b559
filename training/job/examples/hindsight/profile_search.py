"""Find the profile of one user that explains the user's choices best, word by word.

The search goes over all profiles with one liked and one disliked word of an element, one element
after another, and then adds a second word where it helps (swap, drop and add a word). A word that
the champion predicts is cheap, and one that it never predicts must explain more choices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prompt import WORDS_SHOWN
from training.job.examples.hindsight.vocabulary import Floats, Profile, State, Vocabulary

PASSES: Final = 2
WORD_COST: Final = 1.5
"""Log-likelihood that a word must add which no prediction of the champion has."""
NOISE: Final = 0.1
"""Probability that a choice is random: one choice can cost a profile at most three nats."""


def log_likelihood(z: Floats) -> Floats:
    """Of choices with log-odds `z`, some of which are random."""
    return np.asarray(np.log(NOISE / 2 + (1 - NOISE) / (1 + np.exp(-np.clip(z, -30, 30)))))


@dataclass(frozen=True)
class StateTable:
    """All states of an element with at most one word a side, and their digits."""

    states: tuple[State, ...]
    digits: Floats
    """(states, words + 1)"""
    likes: Floats
    """Which words a state likes, and below dislikes. (states, words + 1)"""
    dislikes: Floats


@dataclass(frozen=True)
class Votes:
    """Share of the champion's predictions of a user that name each word of an element."""

    likes: Floats
    dislikes: Floats

    def cost(self, state: State) -> float:
        """Nats that the state must explain: words never predicted, and predicted ones left out."""
        shares = zip((self.likes, self.dislikes), state, strict=True)
        return WORD_COST * sum(
            float(share.sum()) + sum(1 - 2 * float(share[word]) for word in words)
            for share, words in shares
        )

    def costs(self, table: StateTable) -> Floats:
        """Of all states of a table. (states,)"""
        named = self.likes.sum() + self.dislikes.sum()
        added = table.likes @ (1 - 2 * self.likes) + table.dislikes @ (1 - 2 * self.dislikes)
        return np.asarray(WORD_COST * (named + added))


class ProfileSearch:
    """Search with one vocabulary; the tables of states are computed once."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    @cached_property
    def tables(self) -> dict[Element, StateTable]:
        """By element."""
        return {e: self._table(e) for e in ELEMENTS}

    def best(
        self,
        differences: Sequence[Floats],
        weight: Floats,
        votes: Sequence[Votes],
        starts: Sequence[Profile],
    ) -> Profile:
        """The profile of the highest penalized likelihood.

        `differences` has for each element the words of the better image minus those of the worse
        one, times the weight of the element: (pairs, words + 1). `starts` are the champion's
        predictions, the first of which is the start.
        """
        if not starts:
            starts = [tuple(((), ()) for _ in ELEMENTS)]
        current = list(starts[0])
        parts = [
            difference @ self.vocabulary.digits(e, state)
            for e, difference, state in zip(ELEMENTS, differences, current, strict=True)
        ]
        for at, (k, element) in product(range(PASSES), enumerate(ELEMENTS)):
            others = np.sum([part for j, part in enumerate(parts) if j != k], axis=0)
            current[k] = self._best_state(
                element, differences[k], others, weight, votes[k],
                more=[start[k] for start in starts] + ([current[k]] if at else []),
            )  # fmt: skip
            parts[k] = differences[k] @ self.vocabulary.digits(element, current[k])
        return tuple(current)

    def _best_state(
        self, element: Element, difference: Floats, others: Floats, weight: Floats, votes: Votes,
        *, more: Sequence[State],
    ) -> State:  # fmt: skip
        table = self.tables[element]
        z = difference @ table.digits.T + others[:, None]
        gains = weight @ log_likelihood(z) - votes.costs(table)
        first = int(gains.argmax())
        best, gain = table.states[first], float(gains[first])
        others_first = [*more, *self._second_words(element, best)]
        states = [state for state in dict.fromkeys(others_first) if max(map(len, state)) > 1]
        if states:
            digits = np.stack([self.vocabulary.digits(element, state) for state in states])
            z = difference @ digits.T + others[:, None]
            costs = np.array([votes.cost(state) for state in states])
            gains = weight @ log_likelihood(z) - costs
            if gains.max() > gain:
                best = states[int(gains.argmax())]
        return best

    def _second_words(self, element: Element, state: State) -> list[State]:
        words = range(len(self.vocabulary.words[element]))
        likes, dislikes = state
        free = [word for word in words if word not in (*likes, *dislikes)]
        added: list[State] = []
        if 0 < len(likes) < WORDS_SHOWN:
            added += [((*likes, word), dislikes) for word in free]
        if 0 < len(dislikes) < WORDS_SHOWN:
            added += [(likes, (*dislikes, word)) for word in free]
        return added

    def _table(self, element: Element) -> StateTable:
        one: list[tuple[int, ...]] = [
            (),
            *((n,) for n in range(len(self.vocabulary.words[element]))),
        ]
        states = tuple((a, b) for a in one for b in one if not a or a != b)
        digits = np.stack([self.vocabulary.digits(element, state) for state in states])
        likes, dislikes = np.zeros_like(digits), np.zeros_like(digits)
        for row, (liked, disliked) in enumerate(states):
            likes[row, list(liked)] = 1
            dislikes[row, list(disliked)] = 1
        return StateTable(states, digits, likes, dislikes)


def votes_of(vocabulary: Vocabulary, samples: Sequence[Profile]) -> list[Votes]:
    """By element the share of the samples that name each word."""
    votes = []
    for k, element in enumerate(ELEMENTS):
        shares = np.zeros((2, vocabulary.size(element)))
        for sample in samples:
            for side in (0, 1):
                shares[side, list(sample[k][side])] += 1 / len(samples)
        votes.append(Votes(shares[0], shares[1]))
    return votes
