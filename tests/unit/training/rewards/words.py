"""Words and profiles for the tests of rewards, and an encoder of words without a model."""

from collections.abc import Mapping, Sequence

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from training.rewards.prediction import Sides
from training.rewards.text_similarity import Vectors

SHARED = 0.4
"""Cosine of any two different words; it is above zero in sentence encoders too."""
AXES = 64


class SynonymEncoder:
    """Each word has an axis of its own and shares one axis; a synonym lies between two words."""

    def __init__(self, synonyms: Mapping[str, str] | None = None) -> None:
        """`synonyms` maps a word to the word that it is near to."""
        self._synonyms = dict(synonyms or {})
        self._axis: dict[str, int] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vector(text) for text in texts]).astype(np.float32)

    def _vector(self, text: str) -> Vectors:
        own = self._basis(text)
        if text in self._synonyms:
            own = (own + self._basis(self._synonyms[text])) / np.sqrt(2)
        shared = np.zeros(AXES, np.float32)
        shared[0] = np.sqrt(SHARED)
        return shared + np.float32(np.sqrt(1 - SHARED)) * own

    def _basis(self, text: str) -> Vectors:
        axis = self._axis.setdefault(text, 1 + len(self._axis))
        return np.eye(AXES, dtype=np.float32)[axis]


def side(color: str = "red", **others: str) -> dict[Element, tuple[str, ...]]:
    words = {Element.ART_STYLE: "cubism", Element.COLOR: color, Element.MEDIUM: "charcoal"}
    words |= {Element.SATURATION: "muted", Element.DETAIL: "plain"}
    words |= {Element(name): word for name, word in others.items()}
    return {element: (words[element],) for element in ELEMENTS}


OTHER = {
    Element.ART_STYLE: ("mosaic",),
    Element.COLOR: ("blue",),
    Element.MEDIUM: ("digital",),
    Element.SATURATION: ("vivid",),
    Element.DETAIL: ("rich",),
}
TRUE = Sides(side(), OTHER)
RIGHT = prompt.taste_lines(TRUE.likes, TRUE.dislikes)
SWAPPED = prompt.taste_lines(TRUE.dislikes, TRUE.likes)
EVERY_WORD = {e: (*side()[e], *OTHER[e]) for e in ELEMENTS}


def completion(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]
