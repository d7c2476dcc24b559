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
from shared.vlm.checkpoint.checkpoint import file_hash
from shared.vlm.protocol import Scores, ScoringInput
from training.evaluation.scoring import batches
from training.job.examples.hindsight.kept_readings import KeptReadings
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
    kept: KeptReadings | None = None,
) -> Readings:
    """Readings of all images, computed in this order; those after the deadline know nothing.

    What is `kept` of an image is not read again; the readings of these images are kept for the next
    night. New images come before images in which new words are read.
    """
    kept = KeptReadings() if kept is None else kept
    hashes = [file_hash(file) for file in images]
    words = {
        e: np.full((len(images), vocabulary.size(e)), 1 / vocabulary.size(e)) for e in ELEMENTS
    }
    read = np.zeros(len(images), np.bool_)
    named = order if any(vocabulary.words.values()) else ()
    known = [number for number in named if kept.of(hashes[number])]
    new = [number for number in named if not kept.of(hashes[number])]
    for numbers in (*batches(new, SCORING_BATCH), *batches(known, SCORING_BATCH)):
        probes = _probes(kept, [hashes[number] for number in numbers], vocabulary)
        if probes:
            if is_late():
                break
            opened = [open_image(images[number]) for number in numbers]
            for probe in probes:
                scores = champion.score([ScoringInput(probe.taste, image) for image in opened])
                for number, of_image in zip(numbers, scores, strict=True):
                    probe.keep(kept, hashes[number], of_image)
        for number in numbers:
            for element in ELEMENTS:
                shown = kept.of(hashes[number]).get(element, {})
                words[element][number] = _reading([shown[w] for w in vocabulary.words[element]])
        read[list(numbers)] = True
    kept.save(hashes)
    return Readings(words, read)


@dataclass(frozen=True)
class _Probe:
    """A profile that likes one word of each element and dislikes another one."""

    likes: dict[Element, tuple[str, ...]]
    dislikes: dict[Element, tuple[str, ...]]

    @property
    def taste(self) -> Taste:
        return taste_of(Sides(self.likes, self.dislikes))

    def keep(self, kept: KeptReadings, image: str, scores: Scores) -> None:
        """An image with a 5 shows the liked word, and one with a 0 the disliked word."""
        for side, digit in ((self.likes, -1), (self.dislikes, 0)):
            for element, words in side.items():
                for word in words:
                    kept.add(image, element, word, float(scores.digits[element][digit]))


def _probes(kept: KeptReadings, images: Sequence[str], vocabulary: Vocabulary) -> list[_Probe]:
    """Profiles with all words that one of the images lacks."""
    lacking = {
        e: [w for w in vocabulary.words[e] if any(kept.lacks(i, e, w) for i in images)]
        for e in ELEMENTS
    }
    most = max(map(len, lacking.values()), default=0)
    return [
        _Probe(
            {e: tuple(lacking[e][at : at + 1]) for e in ELEMENTS},
            {e: tuple(lacking[e][at + 1 : at + 2]) for e in ELEMENTS},
        )
        for at in range(0, most, 2)
    ]


def _reading(shown: Sequence[float]) -> Floats:
    """Probabilities of the words of an image, the last of all other words. (words + 1,)"""
    row = np.array([*shown, max(FLOOR, 1 - sum(shown))], np.float64)
    return np.asarray(row / row.sum())
