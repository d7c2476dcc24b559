"""Field types of events: identifiers, timestamps and bounded texts."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

_RFC3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})"
)
EARLIEST_YEAR: Final = 1970
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def _rfc3339(value: object) -> object:
    if isinstance(value, str) and not _RFC3339.fullmatch(value):
        raise ValueError("expected an RFC 3339 time with a zone, such as 2026-01-31T09:30:00Z")
    # Parsed here: strict JSON validation accepts no text after a Python validator.
    return datetime.fromisoformat(value.upper()) if isinstance(value, str) else value


def _not_before_the_epoch(value: datetime) -> datetime:
    if value.year < EARLIEST_YEAR:
        raise ValueError(f"the time is before {EARLIEST_YEAR}; check its unit and its zone")
    return value


def _printable(value: str) -> str:
    if _UNPRINTABLE.search(value):
        raise ValueError("contains control characters or lone surrogates; send plain Unicode text")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_not_before_the_epoch)]
"""RFC 3339 with a zone; a number or a time without a zone is refused."""

_PRINTABLE: Final = Field(json_schema_extra={"pattern": r"^[^\u0000-\u001f\u007f]*$"})
"""The rule of `_printable` as JSON Schema."""

Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=256), AfterValidator(_printable), _PRINTABLE
]
"""An id that the app chooses: 1-256 printable characters."""

MAX_URI_CHARACTERS: Final = 2_000_000
"""Room for one `data:` image of about 1.4 MB. The limit of a Kafka record is lower."""

ImageUri = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_URI_CHARACTERS),
    AfterValidator(_printable),
    _PRINTABLE,
]
"""Address of an image: https, s3, a file under an allowed root, or `data:` base64."""

Text = Annotated[str, StringConstraints(max_length=4_000)]
"""Free text that is passed on and not interpreted."""

Scalar = str | int | float | bool | None
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=128)], Scalar], Field(max_length=64)
]
"""Up to 64 flat key-value pairs of the app; nested values are refused."""

Milliseconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
