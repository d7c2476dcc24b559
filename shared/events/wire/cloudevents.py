"""Read CloudEvents 1.0 envelopes, and write the headers of our own events.

Both Kafka bindings are read: binary (attributes in `ce_*` headers) and structured (the whole
envelope as `application/cloudevents+json`). Our events use the binary one. Plain JSON is read too.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.v1.event import CloudEvent

from shared.domain.errors import Unprocessable
from shared.domain.ids import derived_id
from shared.domain.times.rfc3339 import parse_rfc3339
from shared.domain.times.time_bounds import bounded
from shared.events.wire.record import Header, Record
from shared.events.wire.strict_json import read_object

PREFIX: Final = "ce_"
STRUCTURED: Final = "application/cloudevents+json"
SOURCE: Final = "/preferstream"
SPEC_VERSION: Final = "1.0"
REQUIRED: Final = ("id", "source", "type")
SURROGATES: Final = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Envelope:
    """Attributes of an envelope; every field is None for plain JSON."""

    type: str | None = None
    event_id: str | None = None
    occurred_at: str | None = None


def read_envelope(record: Record, *, now: datetime) -> tuple[Envelope, dict[str, Any]]:
    """The envelope of a record and the fields of its event; raises `Unprocessable`.

    A time of the envelope has the limits of `Moment`, with `now` as the reader's time.
    """
    assert record.value is not None
    headers = dict(record.headers)
    content_type = next((v for k, v in headers.items() if k.lower() == "content-type" and v), b"")
    if content_type.split(b";")[0].strip().lower() == STRUCTURED.encode():
        return _structured(read_object(record.value), now)
    attributes = {
        name.lower().removeprefix(PREFIX): _header(name, value)
        for name, value in headers.items()
        if name.lower().startswith(PREFIX)
    }
    envelope = _envelope(attributes, now) if attributes else Envelope()
    return envelope, read_object(record.value)


def binary_headers(*, event_type: str, event_id: UUID, occurred_at: str) -> tuple[Header, ...]:
    """The headers that make a record of ours a CloudEvent in binary mode."""
    attributes = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(event_id),
        "ce_source": SOURCE,
        "ce_type": event_type,
        "ce_time": occurred_at,
        "content-type": "application/json",
    }
    return tuple((name, value.encode()) for name, value in attributes.items())


def _structured(attributes: dict[str, Any], now: datetime) -> tuple[Envelope, dict[str, Any]]:
    data = attributes.pop("data", None)
    encoded = attributes.pop("data_base64", None)
    if data is None and isinstance(encoded, str):
        try:
            data = read_object(base64.b64decode(encoded, validate=True))
        except ValueError as error:
            raise _bad("data_base64 is not base64") from error
    if not isinstance(data, dict):
        raise _bad("it has no `data` object; the event's own fields belong there")
    return _envelope(attributes, now), data


def _envelope(attributes: Mapping[str, Any], now: datetime) -> Envelope:
    version = attributes.get("specversion")
    if version != SPEC_VERSION:
        raise _bad(f"specversion is {json.dumps(version)[:40]}, expected {json.dumps('1.0')}")
    # The library invents a missing id; a redelivered event would then get another id.
    missing = [name for name in REQUIRED if not attributes.get(name)]
    if missing:
        raise _bad(f"it has no {' and no '.join(missing)}")
    moment = attributes.get("time")
    for name in (*REQUIRED, "time"):
        value = attributes.get(name, "")
        if not isinstance(value, str) or SURROGATES.search(value):
            raise _bad(f"its {name} is not plain text")
    try:
        parsed = None if moment is None else bounded(parse_rfc3339(moment), now=now)
    except ValueError as error:
        raise _bad(f"its time is wrong: {error}") from error
    try:
        CloudEvent({**attributes, **({"time": parsed} if parsed else {})})
    except (BaseCloudEventException, TypeError, ValueError, OverflowError) as error:
        raise _bad(_problems(error)) from error
    return Envelope(str(attributes["type"]), _event_id(attributes), moment)


def _event_id(attributes: Mapping[str, Any]) -> str:
    """The envelope's id as a UUID; any other id is turned into one, together with its source."""
    given = str(attributes["id"])
    try:
        return str(UUID(given))
    except ValueError:
        return str(derived_id("cloudevent", str(attributes["source"]), given))


def _header(name: str, value: bytes | None) -> str:
    try:
        return (value or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad(f"the header {name} is not UTF-8") from error


def _problems(error: Exception) -> str:
    by_attribute: Mapping[str, Sequence[Exception]] = getattr(error, "errors", {})
    text = "; ".join(f"{name}: {e}" for name, errors in by_attribute.items() for e in errors)
    return (text or str(error))[:300]


def _bad(problem: str) -> Unprocessable:
    return Unprocessable(
        "bad_cloudevent", f"the record is marked as a CloudEvent, but {problem}; correct it, or"
        " send plain JSON without ce_ headers",
    )  # fmt: skip
