"""Small files of each format, written for these tests, with broken lines among good ones."""

import gzip
import json
import struct
from datetime import UTC, datetime
from pathlib import Path

from shared.events import CatalogImage, Feedback
from shared.events.interchange.event_names import event_names
from shared.events.interchange.formats import FORMATS, Read, read_files
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.values import Problem, ShownList, Skipped

NOT_EVENTS = (Problem, Skipped)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)

UBI = "\n".join(
    (
        json.dumps({
            "application": "gallery", "query_id": "q1", "client_id": "ada", "user_query": "boats",
            "timestamp": "2021-05-01T10:00:00Z", "query_response_hit_ids": ["p1", "p2", "p3"],
        }),
        json.dumps({
            "application": "gallery", "action_name": "click_through", "query_id": "q1",
            "client_id": "ada", "timestamp": "2021-05-01T12:00:05+02:00",
            "event_attributes": {
                "object": {"object_id": "p2", "object_id_field": "image_id"},
                "position": {"ordinal": 2},
            },
        }),
        '{"action_name": "click", "client_id": "ada", "timestamp": "2021-05-01T10:0',
        json.dumps({"action_name": "page_exit", "client_id": "ada", "timestamp": "2021-05-01"}),
        json.dumps({
            "action_name": "conjure", "client_id": "ada", "timestamp": "2021-05-01T10:00:06Z",
            "event_attributes": {"object": {"object_id": "p1"}},
        }),
        json.dumps({
            "action_name": "like", "user_id": "bob", "timestamp": "2021-05-01T10:00:07",
            "event_attributes": {"object": {"object_id": 17}},
        }),
    )
)  # fmt: skip

METARANK = "\n".join(
    (
        json.dumps({
            "event": "item", "id": "e1", "timestamp": "1599391467000", "item": "p1",
            "fields": [
                {"name": "image", "value": "https://example.org/p1.png"},
                {"name": "tags", "value": ["boat", "sea"]},
                {"name": "price", "value": 3.5},
            ],
        }),
        json.dumps({"event": "user", "id": "e2", "timestamp": "1599391467000", "user": "ada"}),
        json.dumps({
            "event": "ranking", "id": "r1", "timestamp": "2020-09-06T11:24:27Z", "user": "ada",
            "session": "s1", "items": [{"id": "p2", "relevancy": 2.0}, {"id": "p1"}],
        }),
        json.dumps({
            "event": "interaction", "id": "e3", "ranking": "r1", "timestamp": 1599391468000,
            "user": "ada", "session": "s1", "type": "click", "item": "p1",
        }),
        json.dumps({"event": "item", "id": "e4", "timestamp": "1599391467000", "item": "p9"}),
        json.dumps({"event": "interaction", "id": "e5", "timestamp": "soon", "user": "ada",
                    "type": "click", "item": "p1"}),
    )
)  # fmt: skip

GORSE_CSV = (
    "feedback_type,user_id,item_id,time_stamp\r\n"
    "read,ada,p1,2021-03-01 10:00:00 +0000 UTC\r\n"
    'star,"bob, the second",p2,2021-03-01 11:30:00.5 +0100 CET\r\n'
    "star,ada,p3,0001-01-01 00:00:00 +0000 UTC\r\n"
    'star,"ada,p4,2021-03-01 10:00:00 +0000 UTC\r\n'
    "star,eve,p4,2021-03-01 10:00:00 +0000 UTC\r\n"
)
GORSE_ITEMS = "\n".join(
    (
        json.dumps({"ItemId": "p1", "IsHidden": False, "Categories": ["art"],
                    "Timestamp": "2021-01-01T00:00:00Z", "Comment": "a boat",
                    "Labels": {"url": "https://example.org/p1.png", "embedding": [0.1, 0.2]}}),
        json.dumps({"ItemId": "p2", "IsHidden": True, "Categories": None, "Labels": None,
                    "Timestamp": "0001-01-01T00:00:00Z", "Comment": ""}),
    )
)  # fmt: skip

PERSONALIZE = (
    "\ufeffUSER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION\r\n"
    "ada,p2,1596238243,click,15,p1|p2|p3\r\n"
    "ada,p3,1596238249,Purchase,,p1|p2|p3\r\n"
    "bob,p1,not a time,click,,\r\n"
    "bob,p1\r\n"
    "bob,p1,1596238250,click,,\r\n"
)
PERSONALIZE_ITEMS = (
    "ITEM_ID,CREATION_TIMESTAMP,GENRES,PRICE,CODE\n"
    "p1,1596238243,sea|boat,3.5,007\n"
    "p/2 ü,1596238243,,,\n"
)


def options(format: str, **fields: object) -> ImportOptions:
    names = event_names(format, fields.pop("names", {}))  # type: ignore[arg-type]
    return ImportOptions(names=names, now=NOW, **fields)  # type: ignore[arg-type]


def read(path: Path, format: str, content: str | bytes, **fields: object) -> list[Read]:
    """What a file of this content becomes."""
    encoding = fields.pop("encoding", None)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(
        read_files(FORMATS[format], [path], options(format, **fields), encoding=encoding)  # type: ignore[arg-type]
    )


def results(reads: list[Read], kind: type) -> list:  # type: ignore[type-arg]
    return [result for read in reads for result in read.results if isinstance(result, kind)]


def problems(reads: list[Read]) -> list[tuple[int, str]]:
    return [(p.line, p.reason) for p in results(reads, Problem)]


def actions(reads: list[Read]) -> list[tuple[str, str, str, str | None]]:
    return [(f.user_id, f.type, f.image_id, f.request_id) for f in results(reads, Feedback)]


def images(reads: list[Read]) -> list[CatalogImage]:
    return results(reads, CatalogImage)


def shown(reads: list[Read]) -> list[ShownList]:
    return results(reads, ShownList)


def skipped(reads: list[Read]) -> list[str]:
    return [s.kind for s in results(reads, Skipped)]


def zipped(text: str) -> bytes:
    return gzip.compress(text.encode())


def gorse_dump() -> bytes:
    """A dump with a user, an item, a hidden item, two ratings, and the end mark."""

    def field(number: int, value: bytes) -> bytes:
        return bytes([number << 3 | 2, len(value)]) + value

    def timestamp(seconds: int) -> bytes:
        out, value = b"", seconds
        while value > 127:
            out, value = out + bytes([value & 127 | 128]), value >> 7
        return b"\x08" + out + bytes([value])

    def message(content: bytes) -> bytes:
        return struct.pack("<q", len(content)) + content

    at = timestamp(1_600_000_000)
    labels = json.dumps({"url": "https://example.org/p1.png"}).encode()
    item = field(2, b"p1") + field(4, b"art") + field(4, b"sea") + field(5, at) + field(6, labels)
    hidden = field(2, b"p2") + b"\x18\x01"
    star = field(2, b"star") + field(3, b"ada") + field(4, b"p1") + field(5, at)
    broken = b"\x12\x7fstar"
    return b"".join(
        (
            struct.pack("<q", -1), message(field(1, b"ada")),
            struct.pack("<q", -2), message(item), message(hidden),
            struct.pack("<q", -3), message(star), message(broken), message(star),
            struct.pack("<q", 0),
        )
    )  # fmt: skip
