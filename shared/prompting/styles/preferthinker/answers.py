"""Parse answers in the official layout, and in other layouts that stock models use."""

import re
from collections.abc import Mapping
from typing import Final

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser.answers import ParsedTaste
from shared.prompting.parser.comparison import (
    element_sections,
    parse_points,
    parse_profiles,
    reasoning,
)
from shared.prompting.parser.elements import in_another_script
from shared.prompting.stance import contradicts
from shared.prompting.styles.general import answers as general
from shared.prompting.styles.general.schema import MAX_RATIONALE_CHARACTERS
from shared.prompting.styles.preferthinker.layout import THINK
from shared.prompting.styles.protocol import ParsedDigits, ParsedRationales

_PROFILE: Final = re.compile(r"pref\w*[\s_-]*profile", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_POINTS: Final = re.compile(
    r"\bA[\"'*_ ]*\(\s*(?P<digit>\d+)(?:\s*/\s*5)?\s*\)[\"'*_ ]*[-:\u2013\u2014]*"
    r"(?P<text>.*?)(?=;?\s*(?:Image[ _])?\bB[\"'*_ ]*\(|\n|$)",
    re.IGNORECASE,
)
"""`Image A(4) - why`, up to the points of Image B or the end of the line."""


def parse_taste(answer: str) -> ParsedTaste:
    """The profiles of an official answer; an answer without any is parsed as a general one."""
    if not _PROFILE.search(answer):
        return general.parse_taste(answer)
    if in_another_script(_TAG.sub("", answer.split(THINK)[0])):
        return ParsedTaste({}, {}, ("the answer is in another script",))
    parsed = parse_profiles(answer)
    sides = (parsed.preference, parsed.non_preference)
    words = [word for side in sides for named in side.values() for word in named]
    if in_another_script(" ".join(words)):
        return ParsedTaste({}, {}, ("the profile is in another script",))
    return parsed


def parse_digits(answer: str) -> ParsedDigits:
    """The points of the candidate, which is Image A."""
    digits = parse_points(answer)["A"]
    if not digits:
        return general.parse_digits(answer)
    missing = tuple(f"no score for {e.label}" for e in ELEMENTS if e not in digits)
    return ParsedDigits(digits, missing)


def digit_places(answer: str) -> list[int] | None:
    """Where the points of the candidate are in an answer; None where one of the five is missing."""
    thoughts = reasoning(answer)
    start = answer.rfind(thoughts)
    places: dict[Element, int] = {}
    for element, section in element_sections(thoughts):
        match = _POINTS.search(section)
        if match and len(match["digit"]) == 1:
            places[element] = start + thoughts.index(section) + match.start("digit")
    return [places[e] for e in ELEMENTS] if len(places) == len(ELEMENTS) else None


def parse_rationales(answer: str, digits: Mapping[Element, int]) -> ParsedRationales:
    """The text after the points of the candidate, for each element with the given digit."""
    sections = dict(element_sections(reasoning(answer)))
    kept: dict[Element, str] = {}
    problems: list[str] = []
    for element in ELEMENTS:
        match = _POINTS.search(sections.get(element, ""))
        text = " ".join(match["text"].split()).strip(" -;*") if match else ""
        problem = _problem(element, text, digits[element], int(match["digit"]) if match else None)
        if problem:
            problems.append(problem)
        else:
            kept[element] = text
    return ParsedRationales(kept, tuple(problems))


def _problem(element: Element, text: str, digit: int, written: int | None) -> str | None:
    if not text:
        return f"no rationale for {element.label}"
    if written != digit:
        return f"the rationale for {element.label} is for the score {written}, not {digit}"
    if len(text) > MAX_RATIONALE_CHARACTERS:
        return f"the rationale for {element.label} is too long"
    if in_another_script(text):
        return f"the rationale for {element.label} is in another script"
    if contradicts(text, digit):
        return f"the rationale for {element.label} does not agree with its score"
    return None
