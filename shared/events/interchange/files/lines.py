"""Split a file into numbered lines of text; a line that cannot be read becomes a problem."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

from shared.events.interchange.files.opened import READ_ERRORS, encoding_of, opened
from shared.events.interchange.values import SHOWN_TEXT, Problem

MAX_LINE_BYTES: Final = 8 * 1024 * 1024
"""The longest line that is read: twice the largest Kafka record. Memory stays bounded."""
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True)
class Line:
    """One line without its end."""

    number: int
    text: str


def lines(path: Path, *, encoding: str | None = None) -> Iterator[Line | Problem]:
    """Every line of a file, gzip or not, with LF, CRLF or CR line ends in its encoding.

    A line that is not text, or too long, is a `Problem`. So is the place at which a damaged file
    ends; a file that cannot be opened is one at line 0.
    """
    number = 0
    try:
        with opened(path) as file:
            name = encoding_of(file, given=encoding)
            split = _utf8_lines if name in ("utf-8", "ascii") else _decoded_lines
            for number, content in split(file, name):
                yield _line(str(path), number, content)
    except READ_ERRORS as error:
        what = "cannot be opened" if not number else f"cannot be read after line {number}"
        yield Problem(
            str(path), number, "unreadable_file", f"the file {what}: {_text_of(error)};"
            " all complete lines before it were read",
        )  # fmt: skip


def _line(file: str, number: int, content: "str | bytes | None") -> Line | Problem:
    if content is None:
        return Problem(
            file, number, "line_too_long",
            f"the line has more than {MAX_LINE_BYTES} bytes; split it, or check its line ends",
        )  # fmt: skip
    if isinstance(content, bytes):
        return Problem(
            file, number, "bad_encoding",
            "the line is not text in the encoding of the file; name it with --encoding",
            content[:SHOWN_TEXT].decode("ascii", "backslashreplace"),
        )  # fmt: skip
    return Line(number, content)


def _utf8_lines(file: BufferedReader, encoding: str) -> Iterator[tuple[int, "str | bytes | None"]]:
    """Lines of an encoding in which the byte 10 is always a line end; decoded one by one."""
    number = 0
    while content := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(content) > MAX_LINE_BYTES and not content.endswith(b"\n"):
            while (rest := file.readline(_CHUNK)) and not rest.endswith(b"\n"):
                pass
            yield number, None
            continue
        # A file with CR alone, as old spreadsheets write it, is one line without LF.
        has_cr_alone = number == 1 and not content.endswith(b"\n")
        content = content.rstrip(b"\r\n")
        for offset, part in enumerate(content.split(b"\r") if has_cr_alone else (content,)):
            try:
                yield number + offset, part.decode(encoding)
            except UnicodeDecodeError:
                yield number + offset, part


def _decoded_lines(
    file: BufferedReader, encoding: str
) -> Iterator[tuple[int, "str | bytes | None"]]:
    """Lines of any other encoding: decoded as a stream, so that no character is cut."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    number, rest, too_long = 0, "", False
    while True:
        chunk = file.read(_CHUNK)
        parts = (rest + decoder.decode(chunk, final=not chunk)).replace("\r\n", "\n").split("\n")
        rest = parts.pop()
        for part in parts:
            number += 1
            yield number, None if too_long else _undamaged(part)
            too_long = False
        if len(rest) > MAX_LINE_BYTES:
            rest, too_long = "", True
        if not chunk:
            break
    if rest or too_long:
        yield number + 1, None if too_long else _undamaged(rest)


def _undamaged(text: str) -> str | bytes:
    return text.encode("ascii", "backslashreplace") if "\ufffd" in text else text.rstrip("\r")


def _text_of(error: BaseException) -> str:
    strerror = getattr(error, "strerror", None)
    return strerror or str(error) or type(error).__name__
