"""Field types of events: identifiers, timestamps and bounded texts."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
)

from shared.domain.clock import system_clock
from shared.domain.requests.identifier import Identifier as Identifier
from shared.domain.requests.identifier import printable
from shared.domain.times.rfc3339 import parse_rfc3339
from shared.domain.times.time_bounds import bounded

NOW: Final = "now"
"""Key of the validation context that holds the reader's time."""


def _parsed(value: object, info: ValidationInfo) -> object:
    # Parsed here: strict JSON validation accepts no text after a Python validator.
    if not isinstance(value, str):
        return value
    return bounded(parse_rfc3339(value), now=_now(info) or system_clock())


def _bounded(value: datetime, info: ValidationInfo) -> datetime:
    return bounded(value, now=_now(info))


def now_context(now: datetime | None = None) -> dict[str, datetime]:
    """The validation context with the reader's time, by default that of the system clock."""
    return {NOW: now or system_clock()}


def _now(info: ValidationInfo) -> datetime | None:
    now = (info.context or {}).get(NOW)
    return now if isinstance(now, datetime) else None


Moment = Annotated[AwareDatetime, BeforeValidator(_parsed), AfterValidator(_bounded)]
"""RFC 3339 with a zone, in UTC after validation; a number or a time without a zone is refused.

The time is in 1970 or later, and at most 24 hours ahead of the reader's clock: the `NOW` of the
validation context, or else the system clock. A `datetime` of our own code is compared with a given
`NOW` only.
"""

MAX_URI_CHARACTERS: Final = 2_000_000
"""Room for one `data:` image of about 1.4 MB. The limit of a Kafka record is lower."""

_LINE_BREAKS: Final = re.compile(r"[\t\n\r]|\A[ \f]|[ \f]\Z")


def _one_line(value: object) -> object:
    """The address without line breaks, tabs, and white space around it, as browsers read it.

    An address that was read from a file ends in a line break, and mail programs break `data:`
    addresses into lines of 76 characters.
    """
    if isinstance(value, str) and _LINE_BREAKS.search(value):
        return value.strip(" \t\n\r\f").translate({9: None, 10: None, 13: None})
    return value


ImageUri = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_URI_CHARACTERS),
    BeforeValidator(_one_line),
    AfterValidator(printable),
    Field(json_schema_extra={"pattern": r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$"}),
]
"""Address of an image: https, s3, a file under an allowed root, or `data:`. Line breaks and tabs in
it are left out."""

Text = Annotated[str, StringConstraints(max_length=4_000)]
"""Free text that is passed on and not interpreted."""

Scalar = str | int | Annotated[float, Field(allow_inf_nan=False)] | bool | None
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=128)], Scalar], Field(max_length=64)
]
"""Up to 64 flat key-value pairs of the app; nested values are refused."""

ProfileVersion = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""Version of a profile; the lake stores it as a 64-bit integer."""

Milliseconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
