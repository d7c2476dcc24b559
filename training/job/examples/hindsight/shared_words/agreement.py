"""Fit words on which the images of each side agree: regressions on image vectors, in turns.

Each side has one word of an element, and most of its images show it. What an image shows is a
multinomial regression on its image vector, which starts at the champion's readings. Expectation
maximization fits sides and regressions in turns. What the words of the other elements imply is no
agreement, so that a style does not become the name of a medium.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from shared.domain.taste import Element
from training.job.examples.hindsight.multinomial import fit_multinomial, softmax
from training.job.examples.hindsight.shared_words.sides import (
    Floats,
    Sides,
    implied,
    ratio_to_mean,
)

TURNS: Final = 40
REGRESSION_STEPS: Final = 8
"""In each turn, from the result of the turn before."""
TRUST: Final = 0.3
"""Share of the log-probabilities of the readings that stays in the regression. With all of it a fit
hardly moves, and nothing was accepted (training/LOG.md)."""
RIDGE: Final = 60.0


def fit_agreement(
    words: Mapping[Element, Floats], free: Sequence[Element], features: Floats, sides: Sides,
    *, turns: int = TURNS,
) -> dict[Element, Floats]:  # fmt: skip
    """The words of all elements, of which those of the `free` ones are fitted. (images, words) each

    `words` are the doubted readings: no word of an image is impossible.
    """
    current = dict(words)
    offsets = {e: TRUST * np.log(words[e]) for e in free}
    maps = {e: np.zeros((features.shape[1], words[e].shape[1])) for e in free}
    shown, place = np.unique(sides.images, return_inverse=True)
    count = np.bincount(place)[:, None].astype(np.float64)
    for _ in range(turns):
        for element in free:
            own = current[element]
            others = [rows for e, rows in current.items() if e != element]
            ratio = ratio_to_mean(own, implied(own, others))
            target = np.zeros((len(shown), own.shape[1]))
            np.add.at(target, place, sides.targets(own, ratio, own.mean(axis=0)))
            maps[element] = fit_multinomial(
                features[shown], offsets[element][shown], target,
                ridge=RIDGE, steps=REGRESSION_STEPS, count=count, start=maps[element],
            )  # fmt: skip
            current[element] = softmax(offsets[element] + features @ maps[element])
    return current
