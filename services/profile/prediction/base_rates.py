"""How often the images that a user could choose from show each word."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from shared.domain.taste import Element
from shared.domain.word_forms import canonical


@dataclass(frozen=True)
class BaseRates:
    """Counts of the canonical words of described images, by element."""

    counts: Mapping[Element, Mapping[str, float]] = field(default_factory=dict)
    """An image that shows two words of an element counts one half for each."""

    @classmethod
    def from_descriptions(cls, descriptions: Iterable[Mapping[Element, Sequence[str]]]) -> Self:
        """Count the words of images, each description once."""
        counts: dict[Element, dict[str, float]] = {}
        for words_by_element in descriptions:
            for element, words in words_by_element.items():
                of_element = counts.setdefault(element, defaultdict(float))
                for word in words:
                    of_element[canonical(word)] += 1 / len(words)
        return cls(counts)

    def of(self, element: Element, words: Sequence[str]) -> npt.NDArray[np.float64]:
        """The share of images that show each of these words, (words,), with add-one smoothing.

        Without any image all words are equally likely.
        """
        counts = self.counts.get(element, {})
        total = sum(counts.values())
        shown = np.array([counts.get(canonical(word), 0.0) for word in words])
        return np.asarray((shown + 1) / (total + len(words)))


UNKNOWN_BASE_RATES: Final = BaseRates()
