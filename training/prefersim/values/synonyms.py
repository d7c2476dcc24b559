"""Say the simulator's values in other words, and find the value that a word means."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from training.prefersim.values.vocabulary import VALUES

_ALSO: Final[Mapping[Element, Mapping[str, tuple[str, ...]]]] = {
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
    Element.COLOR: {
        "red": ("scarlet", "crimson"),
        "orange": ("tangerine", "amber"),
        "yellow": ("golden", "lemon"),
        "lime": ("chartreuse", "yellow-green"),
        "green": ("grass green", "leaf green"),
        "emerald": ("sea green", "mint"),
        "teal": ("turquoise", "cyan"),
        "azure": ("sky blue", "cerulean"),
        "blue": ("cobalt", "royal blue"),
        "purple": ("violet", "amethyst"),
        "magenta": ("fuchsia", "orchid"),
        "pink": ("rose", "raspberry"),
    },
    Element.MEDIUM: {
        "oil painting": ("oil", "oil on canvas"),
        "watercolor": ("aquarelle", "water colour"),
        "charcoal": ("charcoal drawing", "coal sketch"),
        "silkscreen": ("screen print", "halftone print"),
        "digital": ("digital art", "computer graphics"),
        "embroidery": ("needlework", "stitched thread"),
    },
    Element.SATURATION: {
        "muted": ("desaturated", "greyish"),
        "soft": ("pastel", "gentle"),
        "balanced": ("natural", "medium saturation"),
        "bold": ("strong", "rich color"),
        "vivid": ("saturated", "intense"),
    },
    Element.DETAIL: {
        "plain": ("minimal", "bare"),
        "moderate": ("some detail", "lightly decorated"),
        "rich": ("detailed", "ornate"),
        "intricate": ("highly detailed", "crowded with detail"),
    },
}

SYNONYMS: Final[Mapping[Element, tuple[tuple[str, ...], ...]]] = {
    element: tuple((word, *_ALSO[element][word]) for word in VALUES[element])
    for element in ELEMENTS
}
"""For each value the words that mean it or nearly so; the first is the one of `VALUES`."""

_PLACES: Final = {
    element: {word: k for k, words in enumerate(SYNONYMS[element]) for word in words}
    for element in ELEMENTS
}


def value_of(element: Element, word: str) -> int | None:
    """The index in `VALUES` of what a word means, or None for a word nobody here uses."""
    return _PLACES[element].get(" ".join(word.lower().split()))


def canonical(element: Element, word: str) -> str:
    """The word of `VALUES` for a word; a word that means no value comes back as it is."""
    value = value_of(element, word)
    return word if value is None else VALUES[element][value]


def synonym(rng: np.random.Generator, element: Element, value: int) -> str:
    """One of the words for a value, drawn evenly."""
    words = SYNONYMS[element][value]
    return words[int(rng.integers(len(words)))]


def said(
    rng: np.random.Generator, side: Mapping[Element, Sequence[str]]
) -> dict[Element, tuple[str, ...]]:
    """One side of a taste as somebody says it: each word replaced by one that means the same."""
    return {e: tuple(_other(rng, e, word) for word in words) for e, words in side.items()}


def _other(rng: np.random.Generator, element: Element, word: str) -> str:
    value = value_of(element, word)
    return word if value is None else synonym(rng, element, value)
