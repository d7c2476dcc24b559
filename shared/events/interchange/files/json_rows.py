"""Read JSON lines, or one JSON array, as rows."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import Unprocessable
from shared.events.interchange.files.lines import Line, lines
from shared.events.interchange.values import SHOWN_TEXT, Problem, Row
from shared.events.wire.strict_json import read_object

BULK_ACTIONS: Final = frozenset({"index", "create", "update", "delete"})
"""Names of the lines that precede a document in the bulk format of OpenSearch."""


def json_rows(path: Path, *, encoding: str | None = None) -> Iterator[Row | Problem]:
    """One row a line. A document of OpenSearch in its envelope is read as its `_source`.

    A file that begins with `[` is read as an array; its elements may have line breaks.
    """
    read = lines(path, encoding=encoding)
    for first in read:
        if isinstance(first, Problem) or not first.text.strip():
            if isinstance(first, Problem):
                yield first
            continue
        is_array = first.text.lstrip().startswith("[")
        yield from (_array if is_array else _lines)(str(path), chain((first,), read))
        return


def _lines(file: str, read: Iterator[Line | Problem]) -> Iterator[Row | Problem]:
    for line in read:
        if isinstance(line, Problem):
            yield line
        elif line.text.strip():
            row = _row(file, line.number, line.text)
            if row is not None:
                yield row


def _row(file: str, number: int, text: str) -> Row | Problem | None:
    try:
        # Each part of a joined file may begin with a byte order mark.
        fields = read_object(text.removeprefix("\ufeff").encode("utf-8", "surrogatepass"))
    except Unprocessable as error:
        return Problem(file, number, error.reason, error.detail, text[:SHOWN_TEXT])
    return _unwrapped(file, number, fields)


def _unwrapped(file: str, number: int, fields: dict[str, Any]) -> Row | None:
    if len(fields) == 1 and BULK_ACTIONS & fields.keys():
        return None
    source = fields.get("_source")
    return Row(file, number, source if isinstance(source, dict) else fields)


def _array(file: str, read: Iterator[Line | Problem]) -> Iterator[Row | Problem]:
    """Elements of an array, with memory for one of them; a broken element loses only itself.

    Several arrays may follow one another, as where files were joined.
    """
    decoder = json.JSONDecoder()
    pending, begins, indentation, is_inside, depth = "", 0, "", False, 0
    for line in read:
        if isinstance(line, Problem):
            yield line
            continue
        text = line.text
        if pending and text.startswith(indentation + "{"):
            # An element begins where the one before began: that one has no end.
            yield _broken(file, begins, pending)
            pending = ""
        if not pending:
            begins, depth = line.number, int(is_inside)
            indentation = text[: len(text) - len(text.lstrip())]
        lowest, depth = _depths(text, depth)
        pending += text + "\n"
        # An element that ends in a later line is not tried with each line: that takes minutes.
        at, is_tried = _next(pending, 0), lowest <= int(is_inside)
        while is_tried and at < len(pending):
            if pending[at] == ("]" if is_inside else "["):
                is_inside, at = not is_inside, _next(pending, at + 1)
                continue
            try:
                value, end = decoder.raw_decode(pending, at)
            except (ValueError, RecursionError):
                break
            if isinstance(value, dict):
                row = _row(file, begins, json.dumps(value, ensure_ascii=False))
            else:
                row = Problem(
                    file, begins, "not_an_object", "an element of the array is no JSON object",
                    pending[at:end][:SHOWN_TEXT],
                )  # fmt: skip
            if row is not None:
                yield row
            at, begins = _next(pending, end), line.number
        pending = pending[at:]
        is_complete = depth <= int(is_inside) and pending.rstrip().endswith("},")
        if is_complete or len(pending) > _MAX_PENDING:
            # The element ends here and cannot be read: continue with the next one.
            yield _broken(file, begins, pending)
            pending = ""
    if pending.strip(_BETWEEN + "]"):
        yield _broken(file, begins, pending)


def _depths(text: str, depth: int) -> tuple[int, int]:
    """The lowest number of open brackets within a line, and the number at its end."""
    lowest = depth
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "{[" else -1
        lowest = min(lowest, depth)
    return lowest, depth


def _next(text: str, start: int) -> int:
    """Where the next element may begin."""
    while start < len(text) and text[start] in _BETWEEN:
        start += 1
    return start


_BETWEEN: Final = " \t\r\n,"
"""Characters between two elements."""
_BRACKET: Final = re.compile(r"[{}\[\]]")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_MAX_PENDING: Final = 8 * 1024 * 1024


def _broken(file: str, number: int, text: str) -> Problem:
    return Problem(
        file, number, "not_json", "an element of the array is not JSON", text[:SHOWN_TEXT]
    )
