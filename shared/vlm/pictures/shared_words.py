"""Predict a taste from the words of reference images: the words that a side's images share."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prompt import WORDS_SHOWN
from shared.vlm.protocol import PredictedTaste

MIN_SHARE: Final = 0.4
"""Share of a side's images that must show a word: two of five, both of two tastes."""
Words = Mapping[Element, Sequence[str]]


def shared_taste(liked: Sequence[Words], disliked: Sequence[Words]) -> PredictedTaste:
    """At most two words for each element and side; an element that no words share is unknown."""
    return PredictedTaste(_shared(liked), _shared(disliked))


def _shared(side: Sequence[Words]) -> dict[Element, tuple[str, ...]]:
    shared: dict[Element, tuple[str, ...]] = {}
    for element in ELEMENTS:
        counts = Counter(word for words in side for word in words.get(element, ()))
        shared[element] = tuple(
            word
            for word, count in counts.most_common(WORDS_SHOWN)
            if count >= MIN_SHARE * len(side)
        )
    return shared
