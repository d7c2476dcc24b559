"""Parse the words of the five elements, in all spellings of the element names."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import ELEMENTS, Element
from shared.domain.word_forms import is_unknown
from shared.prompting.prompt import UNKNOWN

MAX_WORD_LENGTH = 64
"""A longer "word" is a sentence, not a value."""

NAMES: Final[dict[Element, str]] = {
    Element.ART_STYLE: r"(?:art(?:istic)?[ _-]?)?styles?(?:\(s\))?",
    Element.COLOR: r"colou?rs?(?:\(s\))?",
    Element.MEDIUM: r"(?:art(?:istic)?[ _-]?)?(?:mediums?|media)(?:\(s\))?",
    Element.SATURATION: r"saturations?(?:\(s\))?",
    Element.DETAIL: r"details?(?:\(s\))?",
}
"""Patterns of the element names in our prompts and in answers of the paper's checkpoints."""

COLON: Final = r"[\"'*_`]*\s*:[\"'*_`]*"
"""A colon, with quotes or emphasis around it."""


@dataclass(frozen=True)
class ParsedSide:
    """The words of each element of one side; an element with an answer such as "any" is empty."""

    words: Mapping[Element, tuple[str, ...]]
    problems: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    """What one image shows, in answers that name it."""


def parse_side(text: str, *, side: str) -> ParsedSide:
    """Parse `art style: cubism or mosaic; color: ...`, also with quotes as in JSON."""
    words: dict[Element, tuple[str, ...]] = {}
    problems: list[str] = []
    for element in ELEMENTS:
        pattern = rf"\b{NAMES[element]}{COLON}\s*(?:\"([^\"\n]*)\"|([^;:\n.<]*))"
        match = re.search(pattern, text, re.IGNORECASE)
        values = _split_words(match[1] or match[2] or "") if match else ()
        if not values:
            problems.append(f"no word for {element.label} in the {side}")
        elif any(len(word) > MAX_WORD_LENGTH for word in values):
            problems.append(f"a word for {element.label} of the {side} is too long")
        else:
            words[element] = tuple(word for word in values if not is_unknown(word))
    return ParsedSide(words, tuple(problems))


def in_another_script(text: str) -> bool:
    """Whether most letters are not Latin, so that the parser cannot read the answer."""
    letters = [c for c in text if c.isalpha()]
    latin = sum("LATIN" in unicodedata.name(c, "") for c in letters)
    return len(letters) > 2 * latin


def _split_words(text: str) -> tuple[str, ...]:
    if is_unknown(text):  # before the split: `n/a` has a slash
        return (UNKNOWN,)
    pieces = (piece.strip(" ,\t\"'*").lower() for piece in re.split(r"\bor\b|,|/", text))
    return tuple(dict.fromkeys(piece for piece in pieces if piece))
