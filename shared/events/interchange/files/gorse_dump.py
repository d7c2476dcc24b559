"""Read the binary dump of Gorse as rows with the names of its JSON export.

The stream is a sequence of 64-bit little-endian numbers: a negative number starts the users (-1),
items (-2) or feedback (-3), a positive one is the length of the protocol buffer that follows, and 0
ends the dump (`/api/dump`, master/rest.go and protocol/protocol.proto of gorse-io/gorse).
"""

import struct
from collections.abc import Iterator, Mapping
from datetime import timedelta
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from shared.domain.times.time_bounds import EARLIEST
from shared.events.interchange.files.opened import READ_ERRORS, opened
from shared.events.interchange.values import Problem, Row

MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
_FIELDS: Final[Mapping[int, Mapping[int, str]]] = {
    -1: {1: "UserId", 2: "Labels", 3: "Comment"},
    -2: {
        2: "ItemId", 3: "IsHidden", 4: "Categories", 5: "Timestamp", 6: "Labels", 7: "Comment",
    },
    -3: {2: "FeedbackType", 3: "UserId", 4: "ItemId", 5: "Timestamp"},
}  # fmt: skip
"""Names by kind of message and number of field."""
_REPEATED: Final = frozenset({"Categories"})


def is_dump(path: Path) -> bool:
    """Whether the file begins with the mark of the users; raises `OSError`."""
    with opened(path) as file:
        return file.peek(8)[:8] == struct.pack("<q", -1)


def gorse_dump_rows(path: Path) -> Iterator[Row | Problem]:
    """One row a message; its line is its number in the dump, from 1."""
    number, kind = 0, 0
    try:
        with opened(path) as file:
            while (size := _number(file)) != 0:
                if size < 0:
                    kind = size
                    continue
                number += 1
                if size > MAX_MESSAGE_BYTES or kind not in _FIELDS:
                    yield _damaged(path, number, f"a message of {size} bytes is not possible here")
                    return
                content = file.read(size)
                if len(content) < size:
                    raise EOFError("the dump ends within a message")
                try:
                    fields = _message(content, _FIELDS[kind])
                except (ValueError, IndexError, OverflowError) as error:
                    yield Problem(
                        str(path), number, "bad_message", f"the message cannot be read: {error}"
                    )
                    continue
                yield Row(str(path), number, fields)
    except READ_ERRORS as error:
        yield _damaged(path, number, str(error) or type(error).__name__)


def _damaged(path: Path, number: int, detail: str) -> Problem:
    return Problem(
        str(path), number, "unreadable_file", f"the dump cannot be read after {number}: {detail}"
    )


def _number(file: BufferedReader) -> int:
    content = file.read(8)
    if len(content) < 8:
        raise EOFError("the dump has no end mark, so its download is not complete")
    value: int = struct.unpack("<q", content)[0]
    return value


def _message(content: bytes, names: Mapping[int, str]) -> dict[str, Any]:
    """The named fields of a protocol buffer; unknown fields are skipped."""
    fields: dict[str, Any] = {}
    for number, value in _values(content):
        name = names.get(number)
        if name is None:
            continue
        if name == "Timestamp" and isinstance(value, bytes):
            fields[name] = _time(value)
        elif name == "IsHidden":
            fields[name] = bool(value)
        elif isinstance(value, bytes):
            text = value.decode("utf-8")
            fields[name] = [*fields.get(name, ()), text] if name in _REPEATED else text
    # A proto3 message leaves out empty texts, but the kind of a row shows in its names.
    return {names[min(names)]: "", **fields}


def _values(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        match tag & 7:
            case 0:
                value, at = _varint(content, at)
                yield tag >> 3, value
            case 1:
                at += 8
            case 2:
                length, at = _varint(content, at)
                if at + length > len(content):
                    raise ValueError("a field is longer than its message")
                yield tag >> 3, content[at : at + length]
                at += length
            case 5:
                at += 4
            case other:
                raise ValueError(f"there is no wire type {other}")


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number has more than 64 bits")


def _time(content: bytes) -> str | None:
    """A `google.protobuf.Timestamp`; None for the time that was never set."""
    parts = {number: value for number, value in _values(content) if isinstance(value, int)}
    seconds = parts.get(1, 0)
    seconds -= 1 << 64 if seconds >= 1 << 63 else 0
    if seconds < -10_000_000_000:
        return None
    return (EARLIEST + timedelta(seconds=seconds, microseconds=parts.get(2, 0) // 1000)).isoformat()
