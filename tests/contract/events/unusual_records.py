"""Unusual but valid records: they must be decoded and must not become dead letters."""

import base64
from typing import Final

from tests.contract.events.wire import (
    CANDIDATES,
    FEEDBACK,
    LEFT_OUT,
    STRUCTURED,
    Sent,
    binary,
    candidate,
    structured,
    value,
    with_raw,
)

_CHARSET: Final = (("Content-Type", b"application/CloudEvents+JSON; charset=UTF-8"),)
_MEGABYTES: Final = "data:image/png;base64," + base64.b64encode(b"\x89" * 1_400_000).decode()
_NO_ID: Final = value(FEEDBACK, event_id=LEFT_OUT, occurred_at=LEFT_OUT)

UNUSUAL_RECORDS: Final = (
    Sent("unknown fields", FEEDBACK, value(FEEDBACK, mood="good", nested={"a": [{"b": None}]})),
    Sent(
        "unknown fields of a candidate", CANDIDATES, value(CANDIDATES, candidates=[candidate(x=1)])
    ),
    Sent("spaces and line breaks", FEEDBACK, b" \n\t" + value(FEEDBACK).replace(b",", b",\r\n ")),
    Sent(
        "ids in other scripts", FEEDBACK, value(FEEDBACK, user_id="用户-٤٢", image_id="изображение")
    ),
    Sent("an id with an emoji", FEEDBACK, value(FEEDBACK, user_id="\U0001f431‍\U0001f4bb")),
    Sent("raw UTF-8 instead of escapes", FEEDBACK, with_raw(FEEDBACK, "user_id", '"é😀"'.encode())),
    Sent("ids of 256 characters", FEEDBACK, value(FEEDBACK, user_id="é" * 256, image_id="i" * 256)),
    Sent("an id of spaces", FEEDBACK, value(FEEDBACK, user_id=" ")),
    Sent("an id with quotes and slashes", FEEDBACK, value(FEEDBACK, image_id='a"\\/../<b>')),
    Sent("offset +05:30", FEEDBACK, value(FEEDBACK, occurred_at="2026-01-31T15:00:00+05:30")),
    Sent("offset -00:00", FEEDBACK, value(FEEDBACK, occurred_at="2026-01-31T09:30:00-00:00")),
    Sent("lower-case t", FEEDBACK, value(FEEDBACK, occurred_at="2026-01-31t09:30:00Z")),
    Sent("lower-case z", FEEDBACK, value(FEEDBACK, occurred_at="2026-01-31T09:30:00z")),
    Sent("one digit of a second", FEEDBACK, value(FEEDBACK, occurred_at="2026-01-31T09:30:00.1Z")),
    Sent(
        "nine digits of a second",
        FEEDBACK,
        value(FEEDBACK, occurred_at="2026-01-31T09:30:00.123456789+05:30"),
    ),
    Sent("29 February", FEEDBACK, value(FEEDBACK, occurred_at="2024-02-29T09:30:00Z")),
    Sent("a time in 1970", FEEDBACK, value(FEEDBACK, occurred_at="1970-01-01T00:00:00Z")),
    Sent(
        "uuid in capitals",
        FEEDBACK,
        value(FEEDBACK, event_id="018F3A5E-7B1C-7D2E-9F40-0000000000AB"),
    ),
    Sent(
        "the nil uuid", FEEDBACK, value(FEEDBACK, event_id="0" * 8 + "-0000-0000-0000-" + "0" * 12)
    ),
    Sent("null in optional fields", FEEDBACK, value(FEEDBACK, uri=None, request_id=None)),
    Sent("dwell of 0 ms", FEEDBACK, value(FEEDBACK, type="dwell", dwell_ms=0)),
    Sent("dwell of a day", FEEDBACK, value(FEEDBACK, type="dwell", dwell_ms=86_400_000)),
    Sent("dwell_ms with a like", FEEDBACK, value(FEEDBACK, dwell_ms=10)),
    Sent("null key", FEEDBACK, value(FEEDBACK), key=None),
    Sent("empty key", FEEDBACK, value(FEEDBACK), key=b""),
    Sent("another user's key", FEEDBACK, value(FEEDBACK), key=b"user-7"),
    Sent("key not UTF-8", FEEDBACK, value(FEEDBACK), key=b"\xff\xfe"),
    Sent("null header", FEEDBACK, value(FEEDBACK), headers=(("traceparent", None),)),
    Sent("header not UTF-8", FEEDBACK, value(FEEDBACK), headers=(("x-trace", b"\xff\x00"),)),
    Sent("header twice", FEEDBACK, value(FEEDBACK), headers=(("x", b"1"), ("x", b"2"))),
    Sent("null content type", FEEDBACK, value(FEEDBACK), headers=(("content-type", None),)),
    Sent("content type not UTF-8", FEEDBACK, value(FEEDBACK), headers=(("content-type", b"\xff"),)),
    Sent("a header called cent", FEEDBACK, value(FEEDBACK), headers=(("cent", b"\xff"),)),
    Sent("binary CloudEvent", FEEDBACK, value(FEEDBACK), headers=binary(FEEDBACK)),
    Sent(
        "binary CloudEvent with the id and time of the event",
        FEEDBACK,
        _NO_ID,
        headers=binary(FEEDBACK, time=b"2026-01-31T09:30:00Z"),
    ),
    Sent(
        "binary CloudEvent with an id that is no UUID",
        FEEDBACK,
        _NO_ID,
        headers=binary(FEEDBACK, id="käufer-1".encode(), time=b"2026-01-31T09:30:00.5+05:30"),
    ),
    Sent(
        "binary CloudEvent with extensions and capitals",
        FEEDBACK,
        value(FEEDBACK),
        headers=(
            *((name.upper(), data) for name, data in binary(FEEDBACK, shop=b"north")),
            ("ce_subject", b"img-1"),
        ),
    ),
    Sent("structured CloudEvent", FEEDBACK, structured(FEEDBACK), headers=STRUCTURED),
    Sent("structured, with a charset", FEEDBACK, structured(FEEDBACK), headers=_CHARSET),
    Sent(
        "structured, with extensions",
        CANDIDATES,
        structured(CANDIDATES, shop="north", priority=3, datacontenttype="application/json"),
        headers=STRUCTURED,
    ),
    Sent(
        "structured, in base64",
        FEEDBACK,
        structured(FEEDBACK, data=LEFT_OUT, data_base64=base64.b64encode(value(FEEDBACK)).decode()),
        headers=STRUCTURED,
    ),
    Sent(
        "300 candidates",
        CANDIDATES,
        value(CANDIDATES, candidates=[candidate(image_id=f"i{n}") for n in range(300)], top_k=300),
    ),
    Sent(
        "the same image twice",
        CANDIDATES,
        value(CANDIDATES, candidates=[candidate(), candidate(uri="https://images.example.com/2")]),
    ),
    Sent(
        "a data address of 1.4 MB",
        CANDIDATES,
        value(CANDIDATES, candidates=[candidate(uri=_MEGABYTES)]),
    ),
    Sent(
        "64 metadata values of every type",
        CANDIDATES,
        value(
            CANDIDATES,
            candidates=[
                candidate(metadata={f"{n}": (None, True, 1, 0.5, "a")[n % 5] for n in range(64)})
            ],
        ),
    ),
    Sent(
        "empty metadata and prompt",
        CANDIDATES,
        value(CANDIDATES, candidates=[candidate(metadata={}, prompt="")]),
    ),
    Sent(
        "a prompt with line breaks",
        CANDIDATES,
        value(CANDIDATES, candidates=[candidate(prompt="a\n\tb")]),
    ),
    Sent(
        "an address without a known scheme",
        CANDIDATES,
        value(CANDIDATES, candidates=[candidate(uri="no address")]),
    ),
    Sent(
        "exclude_ids with a candidate's id",
        CANDIDATES,
        value(CANDIDATES, exclude_ids=["img-1", "img-1"]),
    ),
    Sent(
        "10 000 exclude_ids",
        CANDIDATES,
        value(CANDIDATES, exclude_ids=[str(n) for n in range(10_000)]),
    ),
    Sent("top_k above the candidates", CANDIDATES, value(CANDIDATES, top_k=300)),
    Sent("a deadline of ten minutes", CANDIDATES, value(CANDIDATES, deadline_ms=600_000)),
)
"""Decoded by `decode`; the assessor decides about missing and repeated images."""
