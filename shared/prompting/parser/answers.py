"""Read what a model answered: a taste, a description, scores and reasons; count what is malformed.

Tolerant about spelling and layout, strict about meaning: an element that cannot be read is left
out and named in `problems`, never guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser.elements import NAMES, SideRead, read_side


@dataclass(frozen=True)
class TasteRead:
    """A predicted taste as read, with everything that could not be."""

    likes: Mapping[Element, tuple[str, ...]]
    dislikes: Mapping[Element, tuple[str, ...]]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScoresRead:
    """Digits 0-5 and reasons as read; the total is their plain sum, made anew."""

    digits: Mapping[Element, int]
    reasons: Mapping[Element, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.digits.values())


def read_taste(answer: str) -> TasteRead:
    """Read `Likes ... Dislikes ...` (spelling and line breaks vary)."""
    halves = re.split(r"\bdislikes\b", answer, maxsplit=1, flags=re.IGNORECASE)
    likes = read_side(halves[0], side="likes")
    if len(halves) == 1:
        return TasteRead(likes.words, {}, (*likes.problems, "the answer has no Dislikes part"))
    dislikes = read_side(halves[1], side="dislikes")
    return TasteRead(likes.words, dislikes.words, likes.problems + dislikes.problems)


def read_description(answer: str) -> SideRead:
    """Read `Shows art style: ...; ...`."""
    return read_side(answer, side="description")


def read_scores(answer: str) -> ScoresRead:
    """Read `Scores art style: 5 (reason); ...`; a score outside 0-5 is a problem, not a number."""
    digits: dict[Element, int] = {}
    reasons: dict[Element, str] = {}
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
                reasons[element] = match[2].strip()
    return ScoresRead(digits, reasons, tuple(problems))
