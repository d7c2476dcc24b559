"""Read CSV with a header as rows; an unbalanced quote loses its own line only."""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from shared.events.interchange.files.lines import Line, lines
from shared.events.interchange.values import SHOWN_TEXT, Problem, Row

MAX_LINES_OF_A_FIELD: Final = 200
"""How far a quoted field may reach: a quote without an end must not swallow the rest of a file."""
DELIMITERS: Final = ",\t;"


def csv_rows(path: Path, *, encoding: str | None = None) -> Iterator[Row | Problem]:
    """One row a record, with the names of the header in lower case.

    The delimiter is the comma, or the tab or semicolon where the header has no comma. Quotes are
    doubled inside of quoted fields (RFC 4180), which may contain line breaks.
    """
    read = lines(path, encoding=encoding)
    before = list(_up_to_the_header(read))
    first = before[-1] if before else None
    marks = first.text if isinstance(first, Line) else ""
    delimiter = next((mark for mark in DELIMITERS if mark in marks), ",")
    header: list[str] | None = None
    for record in _records(chain(before, read), delimiter):
        if isinstance(record, Problem):
            yield record
            continue
        number, text = record
        fields = _fields(text, delimiter)
        if fields is None:
            yield _problem(path, number, text, "a quote is opened and not closed")
        elif header is None:
            header = [name.strip("\ufeff \t").lower() for name in fields]
        elif len(fields) != len(header):
            detail = f"the row has {len(fields)} fields, but the header has {len(header)}"
            yield _problem(path, number, text, detail)
        else:
            yield Row(str(path), number, dict(zip(header, fields, strict=True)))


def _up_to_the_header(read: Iterator[Line | Problem]) -> Iterator[Line | Problem]:
    for line in read:
        yield line
        if isinstance(line, Line) and line.text.strip():
            return


def _problem(path: Path, number: int, text: str, detail: str) -> Problem:
    return Problem(str(path), number, "bad_csv", detail, text[:SHOWN_TEXT])


def _records(read: Iterator[Line | Problem], delimiter: str) -> Iterator[tuple[int, str] | Problem]:
    """Lines joined while a quote is open; the following lines are read again if it stays open."""
    waiting: deque[Line | Problem] = deque()

    def following() -> Line | Problem | None:
        return waiting.popleft() if waiting else next(read, None)

    while (line := following()) is not None:
        if isinstance(line, Problem):
            yield line
            continue
        text, joined = line.text, deque[Line | Problem]()
        while _fields(text, delimiter) is None and len(joined) < MAX_LINES_OF_A_FIELD:
            further = following()
            if further is None:
                break
            joined.append(further)
            if isinstance(further, Problem):
                break
            text += "\n" + further.text
        if joined and _fields(text, delimiter) is None:
            waiting.extendleft(reversed(joined))
            text = line.text
        if text.strip():
            yield line.number, text


def _fields(text: str, delimiter: str) -> list[str] | None:
    """The fields of one record; None while a quoted field is not closed."""
    # The limit of the module, 131,072 characters, is less than the line that was read; a longer
    # field would look like a quote that stays open.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        # Strict: otherwise a quote that stays open is closed at the end without a word.
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None if rows else []
