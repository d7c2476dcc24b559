"""Open a file as bytes, unpacked where it is gzip, and find its encoding by its mark."""

import codecs
import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

GZIP_MAGIC: Final = b"\x1f\x8b"
STANDARD_INPUT: Final = "-"
READ_ERRORS: Final = (EOFError, gzip.BadGzipFile, zlib.error, OSError)
"""What a damaged or truncated file raises while it is read."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """The bytes of a file, or of standard input for `-`; gzip is recognized by its content.

    Raises `OSError` when the file cannot be opened.
    """
    if str(path) == STANDARD_INPUT:
        stream = cast(BufferedReader, sys.stdin.buffer)
        # A stream that a program has put in its place may have no buffer of its own.
        yield _unpacked(stream if hasattr(stream, "peek") else BufferedReader(stream))
        return
    with path.open("rb") as file:
        yield _unpacked(file)


def encoding_of(file: BufferedReader, *, given: str | None = None) -> str:
    """The encoding that the byte order mark names, and skip the mark; else `given`, else UTF-8."""
    start = file.peek(4)[:4]
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            file.read(len(mark))
            return encoding
    return codecs.lookup(given).name if given else "utf-8"


def _unpacked(file: BufferedReader) -> BufferedReader:
    if file.peek(2)[:2] != GZIP_MAGIC:
        return file
    return BufferedReader(gzip.GzipFile(fileobj=file))
