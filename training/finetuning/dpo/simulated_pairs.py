"""Pairs of profiles of simulated users: the true profile, and one with some other words."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS
from shared.jobs.evaluation import Level
from shared.prompting.prompt import SideWords
from training.finetuning.data.cases import ProfilePair
from training.finetuning.data.simulated import draw_cases
from training.prefersim.values.vocabulary import VALUES
from training.rewards.prediction import Sides

STREAM: Final = 0xD9A1
"""Part of each pair's seed, besides that of the case."""
CHANGED: Final = 0.4
"""Probability that the words of an element of one side are replaced by another word."""


def draw_profile_pairs(
    count: int, *, seed: int, multi: float, level: Level, workers: int = 1
) -> Iterator[ProfilePair]:
    """One pair for each simulated user; the worse profile has at least one wrong word."""
    cases = draw_cases(count, seed=seed, multi=multi, level=level, workers=workers)
    for number, case in enumerate(cases):
        assert case.truth is not None
        assert case.references is not None
        rng = np.random.default_rng((seed, STREAM, number))
        yield ProfilePair(case.references, case.truth, spoiled(case.truth, rng))


def spoiled(truth: Sides, rng: np.random.Generator) -> Sides:
    """The profile with other words in some elements; it differs from the true one."""
    while True:
        wrong = Sides(_spoiled(truth.likes, rng), _spoiled(truth.dislikes, rng))
        if wrong != truth:
            return wrong


def _spoiled(words: SideWords, rng: np.random.Generator) -> SideWords:
    return {
        element: (str(rng.choice(VALUES[element])),)
        if rng.random() < CHANGED
        else tuple(words.get(element, ()))
        for element in ELEMENTS
    }
