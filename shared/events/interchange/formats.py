"""The formats that can be imported, and how their files become events."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.domain.errors import Unprocessable
from shared.events.interchange.files.csv_rows import csv_rows
from shared.events.interchange.files.gorse_dump import gorse_dump_rows, is_dump
from shared.events.interchange.files.json_rows import json_rows
from shared.events.interchange.files.opened import READ_ERRORS, STANDARD_INPUT, opened
from shared.events.interchange.files.parquet_rows import parquet_rows
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.readers import gorse, metarank, own, personalize, ubi
from shared.events.interchange.values import SHOWN_TEXT, Imported, Problem, Row, Skipped

Rows = Iterator[Row | Problem]
Reader = Callable[[Row, ImportOptions], Iterator[Imported | Skipped]]


@dataclass(frozen=True)
class Read:
    """One record of a file and what it became, in the order of the file."""

    file: str
    line: int
    results: tuple[Imported | Skipped | Problem, ...]


@dataclass(frozen=True)
class Format:
    """How the files of one system are read."""

    name: str
    describes: str
    """The version that is read, for the help."""
    reader: Reader
    rows: Callable[[Path, str | None], Rows]


def _json(path: Path, encoding: str | None) -> Rows:
    return json_rows(path, encoding=encoding)


def _csv(path: Path, encoding: str | None) -> Rows:
    return csv_rows(path, encoding=encoding)


def _gorse(path: Path, encoding: str | None) -> Rows:
    """The dump, JSON lines or CSV, by the beginning of the file; standard input is JSON lines."""
    try:
        if str(path) == STANDARD_INPUT:
            return _json(path, encoding)  # It cannot be read twice.
        if is_dump(path):
            return gorse_dump_rows(path)
        with opened(path) as file:
            start = file.peek(64)[:64].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    except READ_ERRORS:
        start = b""  # The reader of the lines reports the file.
    return (_json if start[:1] in (b"{", b"[") else _csv)(path, encoding)


def _parquet(path: Path, encoding: str | None) -> Rows:
    return parquet_rows(path)


FORMATS: Final = {
    format.name: format
    for format in (
        Format("ubi", "User Behavior Insights 1.0 to 1.3, events and queries", ubi.read, _json),
        Format("metarank", "Metarank 0.7, JSON lines", metarank.read, _json),
        Format("gorse", "Gorse 0.2 to 0.5: JSON lines, CSV or /api/dump", gorse.read, _gorse),
        Format("personalize", "Amazon Personalize, CSV files", personalize.read, _csv),
        Format("parquet", "our own export", own.read, _parquet),
    )
}


def read_files(
    format: Format, files: Iterable[Path], options: ImportOptions, *, encoding: str | None = None
) -> Iterator[Read]:
    """Every record of the files with its events, or with the problem that it has.

    A record with a problem, and a file that cannot be read, cost nothing else.
    """
    for path in files:
        for row in format.rows(path, encoding):
            if isinstance(row, Problem):
                yield Read(row.file, row.line, (row,))
            else:
                yield Read(row.file, row.line, tuple(_results(format, row, options)))


def _results(
    format: Format, row: Row, options: ImportOptions
) -> Iterator[Imported | Skipped | Problem]:
    try:
        yield from format.reader(row, options)
    except Unprocessable as error:
        text = json.dumps(dict(row.fields), ensure_ascii=False, default=str)[:SHOWN_TEXT]
        yield Problem(row.file, row.line, error.reason, error.detail, text)
