"""Parse answers without JSON: headings, bullet lines, and digits as numbers or words."""

import re
from collections.abc import Mapping
from typing import Final

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser.elements import COLON, NAMES
from shared.prompting.styles.general.guide import SUBJECT

_NUMBER_WORDS: Final = ("zero", "one", "two", "three", "four", "five")
_HEADING: Final = (
    r"^[ \t#>*_\d.)\"'-]*(?:the |this )?(?:person(?:'s)?|user(?:'s)?|they|visual)?[ \t]*"
)
_LIKES: Final = rf"{_HEADING}(?:likes?\b|liked\b|preference\b|preferred\b|prefers\b)"
_DISLIKES: Final = rf"{_HEADING}(?:dislikes?\b|disliked\b|non[ _-]*pref\w*|avoids?\b)"
_NUMBER: Final = (
    r"(?:(?P<digit>-?\d+(?:\.\d+)?)(?:\s*(?:/|out of)\s*(?P<of>\d+))?"
    rf"|\b(?P<word>{'|'.join(_NUMBER_WORDS)})\b)"
)
_LINK: Final = r"[\"'*_` ]*(?::|=|-|is|gets|scores?)?[\"'*_` ]*(?:score[: ]*)?"
"""What stands between the name of an element and its number."""
_FIVE_DIGITS: Final = re.compile(r"(?<![\d.])([0-5])([0-5])([0-5])([0-5])([0-5])(?!\d|\.\d)")
_SPACED_DIGITS: Final = re.compile(
    r"(?<![\d.])([0-5])[ ,;]+([0-5])[ ,;]+([0-5])[ ,;]+([0-5])[ ,;]+([0-5])(?![\d./])"
)


def side_texts(answer: str) -> tuple[str, str]:
    """The texts below the headings of likes and of dislikes; empty where there is none."""
    flags = re.IGNORECASE | re.MULTILINE
    starts = [
        (match.start(), match.end(), side)
        for side, pattern in (("likes", _LIKES), ("dislikes", _DISLIKES))
        for match in re.finditer(pattern, answer, flags)
    ]
    texts = {"likes": "", "dislikes": ""}
    for start, end, side in sorted(starts):
        later = [s for s, _, other in starts if s > start and other != side]
        text = answer[end : min(later, default=len(answer))]
        texts[side] = text if words_in_text(text) else texts[side]
    return texts["likes"], texts["dislikes"]


def words_in_text(text: str) -> Mapping[str, str]:
    """The text after each element's name and colon, up to the end of the line or a semicolon."""
    words: dict[str, str] = {}
    for element in ELEMENTS:
        pattern = rf"\b{NAMES[element]}{COLON}\s*([^;\n]*)"
        if match := re.search(pattern, text, re.IGNORECASE):
            value = re.split(r"\.(?:\s|$)|\s[-(]", match[1].strip(" *_\"'"))[0]
            if value:
                words[element.value] = value.strip(" *_\"'")
    if match := re.search(rf"\bsubjects?{COLON}\s*([^;.\n]*)", text, re.IGNORECASE):
        words[SUBJECT] = match[1].strip(" *_\"'")
    return words


def sentences_in_text(text: str) -> Mapping[str, str]:
    """The rest of the line after each element's name and colon, which start a line."""
    sentences: dict[str, str] = {}
    for element in ELEMENTS:
        pattern = rf"^[ \t#>*_\d.)\"'-]*{NAMES[element]}{COLON}[ \t]*(\S.*)$"
        if match := re.search(pattern, text, re.IGNORECASE | re.MULTILINE):
            sentences[element.value] = match[1].strip(" *_\"'")
    return sentences


def digits_in_text(text: str) -> dict[Element, int]:
    """The digits by element name, or five digits in the order of the elements."""
    named: dict[Element, int] = {}
    for element in ELEMENTS:
        if match := re.search(rf"\b{NAMES[element]}\b{_LINK}{_NUMBER}", text, re.IGNORECASE):
            digit = _digit(match)
            if digit is not None:
                named[element] = digit
    if named:
        return named
    rows = _FIVE_DIGITS.findall(text) or _SPACED_DIGITS.findall(text)
    return dict(zip(ELEMENTS, map(int, rows[-1]), strict=True)) if rows else {}


def _digit(match: re.Match[str]) -> int | None:
    """0-5, or None for another number or another scale."""
    if word := match["word"]:
        return _NUMBER_WORDS.index(word.lower())
    if match["of"] not in (None, "5"):
        return None
    value = float(match["digit"])
    return int(value) if value in range(6) else None
