"""Write a prompt and a negative prompt for a text-to-image model from a taste and a request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.domain.word_forms import canonical

WORDS_PER_ELEMENT: Final = 2
"""The strongest words of an element; more of them contradict each other in one image."""
_PHRASES: Final[Mapping[Element, str]] = {
    Element.ART_STYLE: "{} style",
    Element.COLOR: "{} color palette",
    Element.MEDIUM: "{}",
    Element.SATURATION: "{} saturation",
    Element.DETAIL: "{} detail",
}
"""How a word of an element reads in a prompt, unless the word says it itself."""


@dataclass(frozen=True)
class ImagePrompt:
    """What a text-to-image model is asked for."""

    prompt: str
    negative_prompt: str
    """What the image must not show; empty when the taste has no dislikes."""
    words: Mapping[Element, tuple[str, ...]] = field(default_factory=dict)
    """The liked words in the prompt."""
    avoided: Mapping[Element, tuple[str, ...]] = field(default_factory=dict)
    """The disliked words in the negative prompt."""


def image_prompt(text: str, taste: Taste) -> ImagePrompt:
    """The prompt for `text` in the look that the taste prefers.

    The request comes first and wins: a disliked word that it names is not excluded. A word that is
    liked and disliked is in neither prompt.
    """
    text = " ".join(text.split()).rstrip(".,; ")
    liked = _strongest(taste.preference, except_for=taste.non_preference)
    disliked = _strongest(taste.non_preference, except_for=taste.preference)
    avoided = {
        element: kept
        for element, words in disliked.items()
        if (kept := tuple(word for word in words if not _names(text, word)))
    }
    return ImagePrompt(
        prompt=", ".join([text, *_phrases(liked)]),
        negative_prompt=", ".join(_phrases(avoided)),
        words=liked,
        avoided=avoided,
    )


def _strongest(side: TasteSide, *, except_for: TasteSide) -> dict[Element, tuple[str, ...]]:
    chosen: dict[Element, tuple[str, ...]] = {}
    for element in ELEMENTS:
        other = {canonical(word.word) for word in except_for[element]}
        words = [word.word for word in side[element] if canonical(word.word) not in other]
        if words:
            chosen[element] = tuple(words[:WORDS_PER_ELEMENT])
    return chosen


def _phrases(words: Mapping[Element, tuple[str, ...]]) -> list[str]:
    return [
        _phrase(element, " and ".join(words[element])) for element in ELEMENTS if words.get(element)
    ]


def _phrase(element: Element, words: str) -> str:
    """`blue color palette`; a word such as `warm palette` or `pixel art` stays as it is."""
    says_it = {
        Element.ART_STYLE: r"\b(?:style|art|painting|\w+ism)$",
        Element.COLOR: r"\b(?:colou?rs?|palette|tones?|hues?)$",
        Element.SATURATION: r"(?:saturated|saturation|\bcolou?rs?)$",
        Element.DETAIL: r"\b(?:details?|detailed)$",
    }.get(element)
    if says_it and re.search(says_it, words):
        return words
    return _PHRASES[element].format(words)


def _names(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) is not None
