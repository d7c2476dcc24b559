"""Malformed records, each with the reason in the dead letter that it becomes."""

from dataclasses import dataclass
from typing import Final

from shared.events.wire.record import Header
from tests.contract.events.malformed_fields import (
    OF_ANY_EVENT,
    OF_CANDIDATES,
    OF_CATALOG,
    OF_CORRECTIONS,
    OF_FEEDBACK,
)
from tests.contract.events.wire import (
    CANDIDATES,
    CATALOG,
    CORRECTIONS,
    FEEDBACK,
    LEFT_OUT,
    STRUCTURED,
    Sent,
    binary,
    structured,
    value,
    with_raw,
)


@dataclass(frozen=True)
class Malformed:
    """A record that cannot become an event of `topic`."""

    name: str
    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    expected_reason: str

    def sent(self) -> Sent:
        return Sent(self.name, self.topic, self.value, self.key, self.headers)


_GOOD: Final = value(FEEDBACK)

_BYTES: Final[dict[str, tuple[str, bytes | None]]] = {
    "null value": ("no_value", None),
    "empty value": ("not_json", b""),
    "spaces only": ("not_json", b" \n "),
    "plain words": ("not_json", b"like img-1"),
    "truncated JSON": ("not_json", _GOOD[:-20]),
    "two objects": ("not_json", _GOOD + _GOOD),
    "trailing comma": ("not_json", _GOOD[:-1] + b",}"),
    "single quotes": ("not_json", _GOOD.replace(b'"', b"'")),
    "JSON with a comment": ("not_json", b"/* like */" + _GOOD),
    "XML": ("not_json", b"<feedback><type>like</type></feedback>"),
    "byte order mark": ("not_json", b"\xef\xbb\xbf" + _GOOD),
    "UTF-16 with its mark": ("not_utf8", _GOOD.decode().encode("utf-16")),
    "UTF-16 without its mark": ("not_json", _GOOD.decode().encode("utf-16-le")),
    "invalid UTF-8": ("not_utf8", _GOOD.replace(b"user-42", b"user-\xff")),
    "surrogate in UTF-8": ("not_utf8", _GOOD.replace(b"user-42", b"user-\xed\xa0\x80")),
    "gzip": ("not_utf8", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),
    "raw newline in a text": ("not_json", _GOOD.replace(b"user-42", b"user\n42")),
    "100 000 brackets": ("not_json", b"[" * 100_000),
    "100 000 braces": ("not_json", b'{"a":' * 100_000),
    "5 000 brackets, closed": ("not_json", with_raw(FEEDBACK, "x", b"[" * 5000 + b"]" * 5000)),
    "2 MB of zeros": ("not_json", b"\x00" * 2_000_000),
    "NaN": ("not_json", with_raw(FEEDBACK, "position", b"NaN")),
    "Infinity": ("not_json", with_raw(FEEDBACK, "position", b"Infinity")),
    "minus Infinity": ("not_json", with_raw(FEEDBACK, "dwell_ms", b"-Infinity")),
    "5 000 digits": ("not_json", with_raw(FEEDBACK, "position", b"9" * 5000)),
    "leading zero": ("not_json", with_raw(FEEDBACK, "position", b"01")),
    "a name twice": ("not_json", _GOOD[:-1] + b',"type":"dislike"}'),
    "a name twice in a candidate": (
        "not_json",
        with_raw(CANDIDATES, "candidates", b'[{"image_id":"a","image_id":"b","uri":"https://x"}]'),
    ),
    "null at the top": ("not_an_object", b"null"),
    "a number at the top": ("not_an_object", b"42"),
    "a text at the top": ("not_an_object", b'"like"'),
    "true at the top": ("not_an_object", b"true"),
    "an array at the top": ("not_an_object", b"[" + _GOOD + b"]"),
    "an empty object": ("invalid_event", b"{}"),
    "lone surrogate": ("invalid_event", with_raw(FEEDBACK, "user_id", b'"\\ud800"')),
    "lone surrogate in an unknown field": ("invalid_event", with_raw(FEEDBACK, "x", b'"\\udfff"')),
    "a number beyond floats": ("invalid_event", with_raw(FEEDBACK, "position", b"1e400")),
    "300 brackets in an unknown field": (
        "invalid_event",
        with_raw(FEEDBACK, "x", b"[" * 300 + b"]" * 300),
    ),
}

_CLOUDEVENTS: Final[dict[str, tuple[str, bytes, tuple[Header, ...]]]] = {
    "binary: of another topic": ("wrong_event_type", _GOOD, binary(CANDIDATES)),
    "binary: of an unknown type": ("wrong_event_type", _GOOD, binary("com.example.like")),
    "binary: without ce_id": ("bad_cloudevent", _GOOD, binary(FEEDBACK, id=b"-")),
    "binary: empty ce_id": ("bad_cloudevent", _GOOD, binary(FEEDBACK, id=b"")),
    "binary: null ce_id": ("bad_cloudevent", _GOOD, binary(FEEDBACK, id=None)),
    "binary: without ce_type": ("bad_cloudevent", _GOOD, binary(FEEDBACK, type=b"-")),
    "binary: null ce_type": ("bad_cloudevent", _GOOD, binary(FEEDBACK, type=None)),
    "binary: without ce_source": ("bad_cloudevent", _GOOD, binary(FEEDBACK, source=b"-")),
    "binary: without ce_specversion": ("bad_cloudevent", _GOOD, binary(FEEDBACK, specversion=b"-")),
    "binary: null ce_specversion": ("bad_cloudevent", _GOOD, binary(FEEDBACK, specversion=None)),
    "binary: specversion 0.3": ("bad_cloudevent", _GOOD, binary(FEEDBACK, specversion=b"0.3")),
    "binary: ce_id not UTF-8": ("bad_cloudevent", _GOOD, binary(FEEDBACK, id=b"\xff")),
    "binary: ce_type not UTF-8": ("bad_cloudevent", _GOOD, binary(FEEDBACK, type=b"\xff")),
    "binary: extension not UTF-8": ("bad_cloudevent", _GOOD, binary(FEEDBACK, shop=b"\xff")),
    "binary: ce_time in words": ("bad_cloudevent", _GOOD, binary(FEEDBACK, time=b"yesterday")),
    "binary: ce_time without a zone": (
        "bad_cloudevent",
        _GOOD,
        binary(FEEDBACK, time=b"2026-01-31T09:30:00"),
    ),
    "binary: ce_time after year 9999": (
        "bad_cloudevent",
        _GOOD,
        binary(FEEDBACK, time=b"9999-12-31T24:00:00Z"),
    ),
    "binary: one stray ce_ header": ("bad_cloudevent", _GOOD, (("ce_shop", b"north"),)),
    "binary: value not JSON": ("not_json", b"like", binary(FEEDBACK)),
    "binary: id is no uuid, and the type is unknown": (
        "invalid_event",
        value(FEEDBACK, event_id=LEFT_OUT, type="love"),
        binary(FEEDBACK, id=b"like-1"),
    ),
    "structured: not JSON": ("not_json", b"like", STRUCTURED),
    "structured: an array (batch)": (
        "not_an_object",
        b"[" + structured(FEEDBACK) + b"]",
        STRUCTURED,
    ),
    "structured: no envelope": ("bad_cloudevent", _GOOD, STRUCTURED),
    "structured: specversion 2.0": (
        "bad_cloudevent",
        structured(FEEDBACK, specversion="2.0"),
        STRUCTURED,
    ),
    "structured: specversion a number": (
        "bad_cloudevent",
        structured(FEEDBACK, specversion=1.0),
        STRUCTURED,
    ),
    "structured: without data": ("bad_cloudevent", structured(FEEDBACK, data=LEFT_OUT), STRUCTURED),
    "structured: data null": ("bad_cloudevent", structured(FEEDBACK, data=None), STRUCTURED),
    "structured: data a text": ("bad_cloudevent", structured(FEEDBACK, data="{}"), STRUCTURED),
    "structured: data_base64 is not base64": (
        "bad_cloudevent",
        structured(FEEDBACK, data=LEFT_OUT, data_base64="*"),
        STRUCTURED,
    ),
    "structured: data_base64 beyond ASCII": (
        "bad_cloudevent",
        structured(FEEDBACK, data=LEFT_OUT, data_base64="é"),
        STRUCTURED,
    ),
    "structured: data_base64 of no JSON": (
        "not_json",
        structured(FEEDBACK, data=LEFT_OUT, data_base64="bGlrZQ=="),
        STRUCTURED,
    ),
    "structured: without id": ("bad_cloudevent", structured(FEEDBACK, id=LEFT_OUT), STRUCTURED),
    "structured: id a number": ("bad_cloudevent", structured(FEEDBACK, id=7), STRUCTURED),
    "structured: id a lone surrogate": (
        "bad_cloudevent",
        structured(FEEDBACK, id="\ud800"),
        STRUCTURED,
    ),
    "structured: time a list": ("bad_cloudevent", structured(FEEDBACK, time=[2026]), STRUCTURED),
    "structured: time a number": ("bad_cloudevent", structured(FEEDBACK, time=1.5), STRUCTURED),
    "structured: of another topic": (
        "wrong_event_type",
        structured(FEEDBACK, type=CANDIDATES),
        STRUCTURED,
    ),
    "structured: data empty": ("invalid_event", structured(FEEDBACK, data={}), STRUCTURED),
}


def _malformed() -> tuple[Malformed, ...]:
    cases = [
        Malformed(
            name,
            CANDIDATES if b'"candidates"' in (data or b"") else FEEDBACK,
            None,
            data,
            (),
            reason,
        )
        for name, (reason, data) in _BYTES.items()
    ]
    for topic, changes in (
        (FEEDBACK, OF_ANY_EVENT),
        (CANDIDATES, OF_ANY_EVENT),
        (CANDIDATES, OF_CANDIDATES),
        (FEEDBACK, OF_FEEDBACK),
        (CORRECTIONS, OF_CORRECTIONS),
        (CATALOG, OF_CATALOG),
    ):
        cases += [
            Malformed(f"{topic}: {name}", topic, b"k", value(topic, **change), (), "invalid_event")
            for name, change in changes.items()
        ]
    cases += [
        Malformed(name, FEEDBACK, b"k", data, headers, reason)
        for name, (reason, data, headers) in _CLOUDEVENTS.items()
    ]
    return tuple(cases)


MALFORMED: Final = _malformed()
"""Records that must become dead letters, on the three topics that applications write most."""
