"""Find the five elements in an answer, however their names are spelled, and the words they got."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prompt import UNKNOWN

MAX_WORD_LENGTH = 64
"""A longer "word" is a sentence that ran on, not a value."""

NAMES: Final[dict[Element, str]] = {
    Element.ART_STYLE: r"(?:art(?:istic)?[ _-]?)?styles?(?:\(s\))?",
    Element.COLOR: r"colou?rs?(?:\(s\))?",
    Element.MEDIUM: r"(?:art(?:istic)?[ _-]?)?(?:mediums?|media)(?:\(s\))?",
    Element.SATURATION: r"saturations?(?:\(s\))?",
    Element.DETAIL: r"details?(?:\(s\))?",
}
"""Patterns of the names that prompts of ours and the paper's checkpoints use."""

COLON: Final = r"[\"'*_`]*\s*:[\"'*_`]*"
"""A colon, with what may close a quoted or emphasised name before it."""


@dataclass(frozen=True)
class SideRead:
    """The words read for each element of one side; elements answered "any" are empty."""

    words: Mapping[Element, tuple[str, ...]]
    problems: tuple[str, ...] = ()


def read_side(text: str, *, side: str) -> SideRead:
    """Read `art style: cubism or mosaic; color: ...`, also with quotes as in JSON."""
    words: dict[Element, tuple[str, ...]] = {}
    problems: list[str] = []
    for element in ELEMENTS:
        pattern = rf"\b{NAMES[element]}{COLON}\s*(?:\"([^\"\n]*)\"|([^;:\n.<]*))"
        match = re.search(pattern, text, re.IGNORECASE)
        found = _split_words(match[1] or match[2] or "") if match else ()
        if not found:
            problems.append(f"no word for {element.label} in the {side}")
        elif any(len(word) > MAX_WORD_LENGTH for word in found):
            problems.append(f"a word for {element.label} of the {side} runs on")
        else:
            words[element] = () if found == (UNKNOWN,) else found
    return SideRead(words, tuple(problems))


def in_another_script(text: str) -> bool:
    """Whether most letters are not Latin: an answer in a language that no part of ours reads."""
    letters = [c for c in text if c.isalpha()]
    latin = sum("LATIN" in unicodedata.name(c, "") for c in letters)
    return len(letters) > 2 * latin


def _split_words(text: str) -> tuple[str, ...]:
    pieces = (piece.strip(" ,\t\"'*").lower() for piece in re.split(r"\bor\b|,|/", text))
    return tuple(dict.fromkeys(piece for piece in pieces if piece))
