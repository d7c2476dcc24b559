"""Parse the answers of the general style; what cannot be parsed is left out and named."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from shared.domain.taste import ELEMENTS, Element
from shared.domain.word_forms import is_unknown
from shared.prompting.parser.answers import ParsedTaste
from shared.prompting.parser.elements import MAX_WORD_LENGTH, NAMES, ParsedSide, in_another_script
from shared.prompting.stance import contradicts
from shared.prompting.styles.general.guide import SUBJECT
from shared.prompting.styles.general.json_answer import json_object, thoughts, without_thoughts
from shared.prompting.styles.general.schema import MAX_RATIONALE_CHARACTERS
from shared.prompting.styles.general.text_answer import (
    digits_in_text,
    sentences_in_text,
    side_texts,
    words_in_text,
)
from shared.prompting.styles.protocol import ParsedDigits, ParsedRationales

MAX_WORDS: Final = 3
"""Words kept of one element; a longer list describes everything and says nothing."""
SUBJECT_KEYS: Final = (SUBJECT, "subjects", "subject matter", "subject_matter")
_LIKES: Final = r"(?:visual[ _-]*)?(?:likes?|liked|preferences?|preferred|preference[ _-]*profile)"
_DISLIKES: Final = r"(?:dis\s*likes?|disliked|non[ _-]*pref\w*(?:[ _-]*profile)?|avoids?)"
_DECLINED: Final = re.compile(
    r"\b(?:i(?:'m| am)? (?:sorry|unable)|i (?:can(?:no|')t|won't|do not|don't) (?:help|assist|see"
    r"|view|identify|analy[sz]e|process|determine|provide)|as an ai"
    r"|cannot (?:help|assist|comply))",
    re.I,
)


def parse_taste(answer: str) -> ParsedTaste:
    """Both sides of a taste, from JSON or from text with headings."""
    fault = _fault(answer)
    value = json_object(answer)
    likes, dislikes = _side(value, _LIKES), _side(value, _DISLIKES)
    if likes is None and dislikes is None:
        likes_text, dislikes_text = side_texts(without_thoughts(answer))
        likes, dislikes = words_in_text(likes_text), words_in_text(dislikes_text)
    preference = _parsed(likes or {}, side="likes")
    non_preference = _parsed(dislikes or {}, side="dislikes")
    problems = preference.problems + non_preference.problems
    is_empty = not preference.words and not non_preference.words
    return ParsedTaste(
        preference.words,
        non_preference.words,
        (fault,) if fault and is_empty else problems,
        thoughts(answer),
    )


def parse_description(answer: str) -> ParsedSide:
    """The words of one image, from JSON or from text with one line an element."""
    fault = _fault(answer)
    entries = json_object(answer)
    if entries is None:
        entries = words_in_text(without_thoughts(answer))
    parsed = _parsed(entries, side="description")
    if fault and not parsed.words:
        return ParsedSide({}, (fault,))
    return replace(parsed, subject=_subject(entries))


def parse_digits(answer: str) -> ParsedDigits:
    """The digits of a score answer, from five digits, JSON, or text (`Color: 4/5`, `four`)."""
    fault = _fault(answer)
    value = json_object(answer)
    digits: dict[Element, int] = {}
    if value is not None:
        by_name = {e: _value_of(value, e) for e in ELEMENTS}
        digits = {e: d for e, v in by_name.items() if (d := _digit(v)) is not None}
    if not digits:
        digits = digits_in_text(without_thoughts(answer))
    if fault and not digits:
        return ParsedDigits({}, (fault,))
    missing = tuple(f"no score for {e.label}" for e in ELEMENTS if e not in digits)
    return ParsedDigits(digits, missing)


def parse_rationales(answer: str, digits: Mapping[Element, int]) -> ParsedRationales:
    """A rationale for each digit, in the model's own words.

    Left out where it is empty, too long, in another script, or contradicts its digit.
    """
    fault = _fault(answer)
    value = json_object(answer)
    if value is None:
        value = sentences_in_text(without_thoughts(answer))
    kept: dict[Element, str] = {}
    problems: list[str] = []
    for element in ELEMENTS:
        text = _sentence(_value_of(value, element))
        if not text:
            problems.append(f"no rationale for {element.label}")
        elif len(text) > MAX_RATIONALE_CHARACTERS:
            problems.append(f"the rationale for {element.label} is too long")
        elif in_another_script(text):
            problems.append(f"the rationale for {element.label} is in another script")
        elif contradicts(text, digits[element]):
            problems.append(f"the rationale for {element.label} does not agree with its score")
        else:
            kept[element] = text
    return ParsedRationales(kept, (fault,) if fault and not kept else tuple(problems))


def _fault(answer: str) -> str | None:
    """Why a whole answer may have no content, or None."""
    if not answer.strip():
        return "the answer is empty"
    text = without_thoughts(answer)
    if not text.strip():
        return "the answer ends within the chain of thought"
    if in_another_script(text):
        return "the answer is in another script"
    if _DECLINED.search(text):
        return "the model declined to answer"
    return None


def _side(value: Mapping[str, Any] | None, names: str) -> Mapping[str, Any] | None:
    """The entry of one side; some models wrap both sides in one more object."""
    for _ in range(2):
        if value is None:
            return None
        for key, entry in value.items():
            if isinstance(entry, dict) and re.fullmatch(names, key.strip(), re.I):
                return entry
        inner = [entry for entry in value.values() if isinstance(entry, dict)]
        value = inner[0] if len(inner) == 1 else None
    return None


def _value_of(value: Mapping[str, Any], element: Element) -> Any:
    """The entry of an element in any spelling of its name (`Art Style`, `colour`)."""
    for key, entry in value.items():
        if re.fullmatch(rf"\W*{NAMES[element]}\W*", key.strip(), re.I):
            return entry
    # A longer name (`color_palette`, `level of detail`), where it names this element alone.
    for key, entry in value.items():
        if [e for e in ELEMENTS if _names(key, e)] == [element]:
            return entry
    return None


def _names(key: str, element: Element) -> bool:
    return re.search(rf"(?<![a-z]){NAMES[element]}(?![a-z])", key, re.I) is not None


def _parsed(value: Mapping[str, Any], *, side: str) -> ParsedSide:
    words: dict[Element, tuple[str, ...]] = {}
    problems: list[str] = []
    for element in ELEMENTS:
        entry = _value_of(value, element)
        if entry is None:
            problems.append(f"no word for {element.label} in the {side}")
            continue
        named = [word for word in _words(entry) if word]
        if any(len(word) > MAX_WORD_LENGTH for word in named):
            problems.append(f"a word for {element.label} of the {side} is too long")
        elif any(in_another_script(word) for word in named):
            problems.append(f"a word for {element.label} of the {side} is in another script")
        else:
            words[element] = tuple(w for w in named if not is_unknown(w))[:MAX_WORDS]
    return ParsedSide(words, tuple(problems))


def _subject(value: Mapping[str, Any]) -> tuple[str, ...]:
    """What an image shows; a subject is optional, so an unusable one is no problem."""
    entry = next((v for k, v in value.items() if k.strip().casefold() in SUBJECT_KEYS), None)
    words = [word for word in _words(entry) if word and not is_unknown(word)]
    short = (w for w in words if len(w) <= MAX_WORD_LENGTH and not in_another_script(w))
    return tuple(short)[:MAX_WORDS]


def _words(entry: Any) -> list[str]:
    """The words of an entry: a list, one text with commas, or an object with a text in it."""
    if isinstance(entry, dict):
        entry = [value for value in entry.values() if isinstance(value, (str, list))][:1]
    if isinstance(entry, list):
        return list(dict.fromkeys(word for item in entry for word in _words(item)))
    if not isinstance(entry, str):
        return []
    if is_unknown(entry):
        return []
    pieces = re.split(r"\bor\b|[,/;]", entry)
    return list(dict.fromkeys(piece.strip(" .\t\n\"'*").lower() for piece in pieces))


def _sentence(entry: Any) -> str:
    """The text of an entry, on one line."""
    if isinstance(entry, dict):
        texts = [value for value in entry.values() if isinstance(value, str)]
        entry = max(texts, key=len, default="")
    if isinstance(entry, list):
        entry = " ".join(item for item in entry if isinstance(item, str))
    return " ".join(entry.split()) if isinstance(entry, str) else ""


def _digit(value: Any) -> int | None:
    """A digit 0-5 of a JSON value: 4, 4.0, "4", "4/5", "four", {"score": 4}; None for others."""
    if isinstance(value, dict):
        numbers = [v for v in value.values() if _digit(v) is not None and not isinstance(v, dict)]
        return _digit(numbers[0]) if len(numbers) == 1 else None
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return int(value) if value in range(6) else None
    if isinstance(value, str):
        text = digits_in_text(f"color: {value}")
        return text.get(Element.COLOR)
    return None
