"""Measure which words the champion sees in each image, by scoring it with profiles of one word.

An image that gets a 5 where the profile likes a word, or a 0 where it dislikes it, shows this word
for the champion. Two words of each element are measured by one score. From such a table the digits
of an image with any profile follow without a further model call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element, Taste
from shared.vlm.protocol import Scores, ScoringInput
from training.evaluation.scoring import batches
from training.job.examples.hindsight.vocabulary import Floats, Vocabulary
from training.job.scoring.deadline import IsLate
from training.job.scoring.feedback_cases import open_image, taste_of
from training.job.scoring.pair_scoring import SCORING_BATCH, Model
from training.rewards.prediction import Sides

DOUBT: Final = 0.15
"""Probability that the champion's reading says nothing about what an image shows."""
FLOOR: Final = 0.01
"""Least probability of a word outside the vocabulary."""


@dataclass(frozen=True)
class Readings:
    """Probabilities of the words of each image, as the champion sees them."""

    words: dict[Element, Floats]
    """(images, words + 1), rows sum to 1; the last place stands for all other words."""
    read: npt.NDArray[np.bool_]
    """Images that the champion scored before the deadline. (images,)"""

    def with_doubt(self, element: Element) -> Floats:
        """The readings as a prior: no word is impossible. (images, words + 1)"""
        rows = self.words[element]
        return np.asarray((1 - DOUBT) * rows + DOUBT / rows.shape[1])


def read_images(
    champion: Model,
    images: Sequence[Path],
    vocabulary: Vocabulary,
    *,
    order: Sequence[int],
    is_late: IsLate,
) -> Readings:
    """Readings of all images, computed in this order; those after the deadline know nothing."""
    probes = probe_tastes(vocabulary)
    words = {
        e: np.full((len(images), vocabulary.size(e)), 1 / vocabulary.size(e)) for e in ELEMENTS
    }
    read = np.zeros(len(images), np.bool_)
    for numbers in batches(order, SCORING_BATCH):
        if not probes or is_late():
            break
        opened = [open_image(images[number]) for number in numbers]
        scores = [champion.score([ScoringInput(taste, i) for i in opened]) for taste in probes]
        for place, number in enumerate(numbers):
            for element in ELEMENTS:
                words[element][number] = _reading(
                    element, [of_probe[place] for of_probe in scores], vocabulary
                )
        read[list(numbers)] = True
    return Readings(words, read)


def probe_tastes(vocabulary: Vocabulary) -> list[Taste]:
    """Profiles that like one word of each element and dislike another one, until all were shown."""
    most = max(map(len, vocabulary.words.values()), default=0)
    return [
        taste_of(
            Sides(
                {e: vocabulary.words[e][at : at + 1] for e in ELEMENTS},
                {e: vocabulary.words[e][at + 1 : at + 2] for e in ELEMENTS},
            )
        )
        for at in range(0, most, 2)
    ]


def _reading(element: Element, scores: Sequence[Scores], vocabulary: Vocabulary) -> Floats:
    count = len(vocabulary.words[element])
    shown = [
        scores[number // 2].digits[element][0 if number % 2 else -1] for number in range(count)
    ]
    rest = max(FLOOR, 1 - sum(shown))
    row = np.array([*shown, rest], np.float64)
    return np.asarray(row / row.sum())
