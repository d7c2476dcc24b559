"""Parse predicted tastes, descriptions, and scores with rationales.

The parser accepts variants of spelling and layout, but never guesses: an element that cannot be
parsed is left out and named in `problems`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser.elements import NAMES, ParsedSide, parse_side


@dataclass(frozen=True)
class ParsedTaste:
    """A predicted taste, and a problem for each element that could not be parsed."""

    preference: Mapping[Element, tuple[str, ...]]
    non_preference: Mapping[Element, tuple[str, ...]]
    problems: tuple[str, ...] = ()
    thoughts: str = ""
    """The chain of thought before the answer."""


@dataclass(frozen=True)
class ParsedScores:
    """Scores 0-5 and rationales; a total in the answer is ignored."""

    digits: Mapping[Element, int]
    rationales: Mapping[Element, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def parse_taste(answer: str) -> ParsedTaste:
    """Parse `Likes ... Dislikes ...` (spelling and line breaks vary)."""
    halves = re.split(r"\bdislikes\b", answer, maxsplit=1, flags=re.IGNORECASE)
    likes = parse_side(halves[0], side="likes")
    if len(halves) == 1:
        return ParsedTaste(likes.words, {}, (*likes.problems, "the answer has no Dislikes part"))
    dislikes = parse_side(halves[1], side="dislikes")
    return ParsedTaste(likes.words, dislikes.words, likes.problems + dislikes.problems)


def parse_description(answer: str) -> ParsedSide:
    """Parse `Shows art style: ...; ...`."""
    return parse_side(answer, side="description")


def parse_scores(answer: str) -> ParsedScores:
    """Parse `Scores art style: 5 (rationale); ...`; a score outside 0-5 is a problem."""
    digits: dict[Element, int] = {}
    rationales: dict[Element, str] = {}
    problems: list[str] = []
    for element in ELEMENTS:
        pattern = rf"\b{NAMES[element]}\s*:\s*(-?\d+(?:\.\d+)?)\s*(?:\(([^()]*)\)?)?"
        match = re.search(pattern, answer, re.IGNORECASE)
        if match is None:
            problems.append(f"no score for {element.label}")
        elif match[1] not in {"0", "1", "2", "3", "4", "5"}:
            problems.append(f"the score for {element.label} is {match[1]}, not 0 to 5")
        else:
            digits[element] = int(match[1])
            if match[2] and match[2].strip():
                rationales[element] = match[2].strip()
    return ParsedScores(digits, rationales, tuple(problems))
