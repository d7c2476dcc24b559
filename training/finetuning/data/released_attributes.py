"""Read a profile of PreferThinker's data: a dictionary, a list, or a text with the elements."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.domain.taste import ELEMENTS, Element
from shared.domain.word_forms import is_unknown
from shared.prompting.parser.elements import COLON, MAX_WORD_LENGTH, NAMES

NAMED: Final = "|".join(rf"(?P<{element.value}>{NAMES[element]})" for element in ELEMENTS)
HEADING: Final = re.compile(rf"(?<!\w)(?:{NAMED}){COLON}", re.IGNORECASE)
"""The name of an element with its colon, in any spelling: `Art Styles:`, `"Artistic Medium":`."""
TAG: Final = re.compile(r"</?[^<>]*>")
SEPARATOR: Final = re.compile(r"\bor\b|[,;/|\n]")
Words = dict[Element, tuple[str, ...]]


def parse_attributes(value: Any) -> Words:
    """The words of each element, in lower case; empty for None and an empty value.

    A user with several tastes can have several words for an element, or a list of profiles. Raises
    `ValueError` for a value that names none of the five elements, and for a whole sentence.
    """
    words: dict[Element, list[str]] = {}
    for element, text in _entries(value):
        words.setdefault(element, []).extend(_split(element, text))
    if not words and value not in (None, "", {}, []):
        raise ValueError(f"{_short(value)} names none of the five elements of a profile")
    return {e: tuple(dict.fromkeys(words[e])) for e in ELEMENTS if words.get(e)}


def _entries(value: Any) -> Iterator[tuple[Element, str]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            element = _element(str(key))
            if element is not None:
                yield from ((element, text) for text in _texts(entry))
            elif isinstance(entry, Mapping | list):  # `{"profile 1": {...}}`
                yield from _entries(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _entries(entry)
    elif isinstance(value, str):
        written = _structure(value)
        yield from _headed(value) if written is None else _entries(written)
    elif value is not None:
        raise ValueError(f"a profile is a dictionary or a text, not {_short(value)}")


def _texts(entry: Any) -> Iterator[str]:
    if entry is None:
        return
    for text in entry if isinstance(entry, list | tuple) else (entry,):
        if not isinstance(text, str):
            raise ValueError(f"the words of an element are text, not {_short(text)}")
        yield text


def _structure(text: str) -> Any:
    """A dictionary or a list that is written as text, in JSON or as Python prints it; or None."""
    bare = TAG.sub("", text).strip()
    if not bare.startswith(("{", "[")):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(bare)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return value if isinstance(value, dict | list) else None
    return None


def _headed(text: str) -> Iterator[tuple[Element, str]]:
    """The text after each name of an element, up to the next one."""
    text = TAG.sub("\n", text)
    headings = list(HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=False):
        yield Element(heading.lastgroup or ""), text[heading.end() : end]


def _element(name: str) -> Element | None:
    name = name.strip(" \"'*_:")
    return next((e for e in ELEMENTS if re.fullmatch(NAMES[e], name, re.IGNORECASE)), None)


def _split(element: Element, text: str) -> list[str]:
    pieces = (" ".join(piece.split()).strip(" .\"'*_{}[]-").lower() for piece in _pieces(text))
    words = [piece for piece in pieces if piece and not is_unknown(piece)]
    if any(len(word) > MAX_WORD_LENGTH for word in words):
        longest = max(words, key=len)
        raise ValueError(f"{_short(longest)} is no word for {element.label}: it is too long")
    return words


def _pieces(text: str) -> list[str]:
    if is_unknown(text):  # before the split: `n/a` has a slash
        return []
    return SEPARATOR.split(text)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
