"""Find the JSON object in an answer: after thoughts and prose, in a code fence, or cut off."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_THOUGHTS: Final = re.compile(r"<(think|thinking|thought|reasoning)>.*?</\1>", re.DOTALL | re.I)
_OPEN_THOUGHT: Final = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.I)
_CLOSED_THOUGHT: Final = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.I)
_TAG: Final = re.compile(r"</?(?:think|thinking|thought|reasoning)>", re.I)
MAX_OBJECTS: Final = 50
"""Opening braces that are tried: an answer of braces alone must not cost seconds."""
MAX_REPAIRED: Final = 5
"""Of these, those whose faults are corrected, which takes a hundred times as long."""
MAX_REPAIRS: Final = 40
"""Places where an object that was cut off is closed."""
MAX_THOUGHTS: Final = 2000
"""Characters kept of a chain of thought, which people read on a page."""


def without_thoughts(answer: str) -> str:
    """The answer without its chain of thought; empty when the thought never ended."""
    text = _THOUGHTS.sub("", answer)
    # Some chat templates open the thought in the prompt, so that the answer has only its end.
    text = _CLOSED_THOUGHT.split(text)[-1]
    return _OPEN_THOUGHT.split(text)[0]


def thoughts(answer: str) -> str:
    """The chain of thought before the answer, cut to `MAX_THOUGHTS`; empty when there is none.

    Without characters that cannot be stored or shown, such as control characters.
    """
    if not _TAG.search(answer):
        return ""
    thought = _TAG.sub("", _thought(answer)).strip()
    shown = "".join(c for c in thought if c.isprintable() or c == "\n")
    return shown if len(shown) <= MAX_THOUGHTS else shown[: MAX_THOUGHTS - 1].rstrip() + "\u2026"


def _thought(answer: str) -> str:
    """The part of an answer with its thoughts, tags included."""
    closings = list(_CLOSED_THOUGHT.finditer(answer))
    if not closings:
        return _OPEN_THOUGHT.split(answer, maxsplit=1)[1]
    end = closings[-1].end()
    if answer[end:].strip() or not without_thoughts(answer).strip():
        return answer[:end]
    # The answer is before the last thought.
    return "\n".join(match[0] for match in _THOUGHTS.finditer(answer))


def json_object(answer: str) -> Mapping[str, Any] | None:
    """The last outermost JSON object with at least one key, or None.

    The last one counts, because a model may first repeat the layout that it was shown. An object
    that is cut off at the end is closed where it ends. Without lone surrogates.
    """
    text = without_thoughts(answer)
    last: Mapping[str, Any] | None = None
    start, tried = text.find("{"), 0
    while start >= 0 and tried < MAX_OBJECTS:
        tried += 1
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(text, start)
        except (ValueError, RecursionError):
            value, end = _repaired(text[start:]) if tried <= MAX_REPAIRED else None, len(text)
            if not value:
                start = text.find("{", start + 1)
                continue
        if isinstance(value, dict) and value:
            last = value
        start = text.find("{", end)
    try:
        cleaned: Mapping[str, Any] | None = _without_surrogates(last)
    except RecursionError:  # lists in lists, hundreds deep: no answer to any of our prompts
        return None
    return cleaned


def _without_surrogates(value: Any) -> Any:
    """A JSON value without half characters, such as one half of an emoji: no UTF-8 has them."""
    if isinstance(value, str):
        return value.encode(errors="ignore").decode()
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    return value


def _repaired(text: str) -> Mapping[str, Any] | None:
    """The object in `text` after common faults are corrected, or None."""
    text = re.sub(r"```\s*$", "", text.strip())
    plain = text.translate({0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'"})
    # Python's quotes, trailing commas and comments occur in the answers of small models.
    without_comments = re.sub(r"(?m)^\s*(?://|#).*$|(?<=[\],\"}])\s*//.*$", "", plain)
    without_commas = re.sub(r",(\s*[}\]])", r"\1", without_comments)
    double_quoted = re.sub(r"(?<=[\[{,:\s])'([^'\n]*)'(?=\s*[\]},:])", r'"\1"', without_commas)
    for candidate in (without_commas, double_quoted):
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(candidate)
        except (ValueError, RecursionError):
            value = _closed(candidate)
        if isinstance(value, dict):
            return value
    return None


def _closed(text: str) -> Any:
    """An object that was cut off, closed after its last complete entry; None when that fails."""
    cuts = [match.start() for match in re.finditer(r'[,}\]"]', text)]
    for cut in reversed(cuts[-MAX_REPAIRS:]):
        head = text[: cut + (text[cut] != ",")]
        brackets = _open_brackets(head)
        if brackets is None:
            continue
        try:
            return json.loads(head + "".join(reversed(brackets)), strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _open_brackets(text: str) -> list[str] | None:
    """The closing brackets that are missing; None when the text ends within a string."""
    closing = {"{": "}", "[": "]"}
    missing: list[str] = []
    in_string = is_escaped = False
    for character in text:
        if in_string:
            in_string = is_escaped or character != '"'
            is_escaped = character == "\\" and not is_escaped
        elif character == '"':
            in_string = True
        elif character in closing:
            missing.append(closing[character])
        elif missing and character == missing[-1]:
            missing.pop()
    return None if in_string else missing
