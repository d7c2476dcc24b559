"""List synonyms of every value, and find the value that a word means."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from shared.vlm.pictures.vocabulary import SAME_MEANING
from training.prefersim.values.vocabulary import VALUES

_OTHER_WORDS: Final[Mapping[Element, Mapping[str, tuple[str, ...]]]] = {
    Element.ART_STYLE: {
        "pixel art": ("8-bit art", "pixelated"),
        "pop art": ("comic book style", "cartoon"),
        "cubism": ("cubist", "faceted abstraction"),
        "impressionism": ("impressionist", "plein air style"),
        "line art": ("line drawing", "outline sketch"),
        "mosaic": ("tile mosaic", "tessellated"),
        "pointillism": ("pointillist", "dot painting"),
        "stained glass": ("leaded glass", "church window style"),
        "op art": ("optical art", "hypnotic stripes"),
        "neon art": ("neon sign style", "glowing outlines"),
        "art deco": ("twenties deco", "fan pattern style"),
        "glitch art": ("glitched", "databending"),
    },
    Element.COLOR: SAME_MEANING[Element.COLOR],
    Element.MEDIUM: {
        "oil painting": ("oil", "oil on canvas"),
        "watercolor": ("aquarelle", "water colour"),
        "charcoal": ("charcoal drawing", "coal sketch"),
        "silkscreen": ("screen print", "halftone print"),
        "digital": ("digital art", "computer graphics"),
        "embroidery": ("needlework", "stitched thread"),
    },
    Element.SATURATION: SAME_MEANING[Element.SATURATION],
    Element.DETAIL: SAME_MEANING[Element.DETAIL],
}

SYNONYMS: Final[Mapping[Element, tuple[tuple[str, ...], ...]]] = {
    element: tuple((word, *_OTHER_WORDS[element][word]) for word in VALUES[element])
    for element in ELEMENTS
}
"""For each value, words with the same or nearly the same meaning; the first is that of `VALUES`."""

_VALUE_OF_WORD: Final = {
    element: {word: k for k, words in enumerate(SYNONYMS[element]) for word in words}
    for element in ELEMENTS
}


def value_of(element: Element, word: str) -> int | None:
    """The index in `VALUES` of the value that a word means, or None for an unknown word."""
    return _VALUE_OF_WORD[element].get(" ".join(word.lower().split()))


def canonical(element: Element, word: str) -> str:
    """The word of `VALUES` for a synonym; an unknown word is returned unchanged."""
    value = value_of(element, word)
    return word if value is None else VALUES[element][value]


def synonym(rng: np.random.Generator, element: Element, value: int) -> str:
    """A word for a value, drawn uniformly from its synonyms."""
    words = SYNONYMS[element][value]
    return words[int(rng.integers(len(words)))]


def to_synonyms(
    rng: np.random.Generator, side: Mapping[Element, Sequence[str]]
) -> dict[Element, tuple[str, ...]]:
    """One side of a taste with each word replaced by a random synonym."""
    return {e: tuple(_random_synonym(rng, e, word) for word in words) for e, words in side.items()}


def _random_synonym(rng: np.random.Generator, element: Element, word: str) -> str:
    value = value_of(element, word)
    return word if value is None else synonym(rng, element, value)
