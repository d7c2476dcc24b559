"""How often the images that a user could choose from show each word."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element
from shared.domain.word_forms import Synonyms, canonical

ImageWords = tuple[tuple[str, ...], ...]
"""The canonical words that one image shows, by element in the order of `ELEMENTS`."""


@dataclass(frozen=True)
class BaseRates:
    """The canonical words of described images: their counts by element, and each image's words."""

    counts: Mapping[Element, Mapping[str, float]] = field(default_factory=dict)
    """An image that shows two words of an element counts one half for each."""
    image_words: tuple[ImageWords, ...] = ()
    """What each image shows; words that occur together are compared together."""
    image_weights: tuple[float, ...] = ()
    """As how many images each of them counts."""

    @classmethod
    def from_descriptions(cls, descriptions: Iterable[Mapping[Element, Sequence[str]]]) -> Self:
        """Count the words of images, each description once."""
        counts: dict[Element, dict[str, float]] = {}
        image_words: list[ImageWords] = []
        kept: dict[tuple[str, ...], tuple[str, ...]] = {}  # equal words share their memory
        for words_by_element in descriptions:
            for element, words in words_by_element.items():
                of_element = counts.setdefault(element, defaultdict(float))
                for word in words:
                    of_element[canonical(word)] += 1 / len(words)
            shown = (
                tuple(canonical(word) for word in words_by_element.get(element, ()))
                for element in ELEMENTS
            )
            image_words.append(tuple(kept.setdefault(words, words) for words in shown))
        return cls(counts, tuple(image_words), (1.0,) * len(image_words))

    def images(self, element: Element) -> float:
        """How many images were counted for an element."""
        return sum(self.counts.get(element, {}).values())

    def filled_up(self, catalog: "BaseRates", *, to: float) -> Self:
        """Few images count together with the shares of a catalog, as if it had `to` images.

        Shrinkage: with `to` images of its own, an element's rates are half from the catalog. An
        element without own images has the catalog's counts.
        """
        filled = dict(catalog.counts)
        for element, own in self.counts.items():
            weight = to / max(catalog.images(element), 1.0)
            shares = catalog.counts.get(element, {})
            filled[element] = {
                word: own.get(word, 0.0) + weight * shares.get(word, 0.0)
                for word in dict.fromkeys((*own, *shares))
            }
        share = to / max(len(catalog.image_words), 1) if self.counts else 1.0
        return type(self)(
            filled,
            (*self.image_words, *catalog.image_words),
            (*self.image_weights, *(share * weight for weight in catalog.image_weights)),
        )

    def most_frequent(self, element: Element) -> list[str]:
        """The words of an element, the most frequent first."""
        counts = self.counts.get(element, {})
        return sorted(counts, key=lambda word: (-counts[word], word))

    def unified(self, synonyms: Synonyms) -> Self:
        """Counts of the words that stand for groups of near-synonyms."""
        if not synonyms.words:
            return self
        unified: dict[Element, dict[str, float]] = {}
        for element, counts in self.counts.items():
            of_element: dict[str, float] = defaultdict(float)
            for word, count in counts.items():
                of_element[canonical(synonyms.of(element, word))] += count
            unified[element] = of_element

        @cache
        def unified_words(element: Element, words: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(canonical(synonyms.of(element, word)) for word in words))

        image_words = tuple(
            tuple(unified_words(e, words) for e, words in zip(ELEMENTS, shown, strict=True))
            for shown in self.image_words
        )
        return type(self)(unified, image_words, self.image_weights)

    def of(self, element: Element, words: Sequence[str]) -> npt.NDArray[np.float64]:
        """The share of images that show each of these words, (words,), with add-one smoothing.

        Without any image all words are equally likely.
        """
        counts = self.counts.get(element, {})
        total = sum(counts.values())
        shown = np.array([counts.get(canonical(word), 0.0) for word in words])
        return np.asarray((shown + 1) / (total + len(words)))

    def shown_words(self, element: Element, words: Sequence[str]) -> npt.NDArray[np.float64]:
        """The share of each of these words in what each image shows. (images, words)"""
        column = ELEMENTS.index(element)
        forms = {canonical(word): number for number, word in enumerate(words)}
        shares = np.zeros((len(self.image_words), len(words)))
        for image, shown in enumerate(self.image_words):
            for word in shown[column]:
                if word in forms:
                    shares[image, forms[word]] += 1 / len(shown[column])
        return shares


UNKNOWN_BASE_RATES: Final = BaseRates()
