"""The kinds of field that events are made of: identifiers, moments, bounded texts."""

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
        raise ValueError("expected an RFC 3339 moment with a zone, such as 2026-01-31T09:30:00Z")
    # Parsed here because strict JSON validation takes no text after a Python validator.
    return datetime.fromisoformat(value.upper()) if isinstance(value, str) else value


def _not_before_computers(value: datetime) -> datetime:
    if value.year < EARLIEST_YEAR:
        raise ValueError(f"a moment before {EARLIEST_YEAR} is a mistake of unit or zone")
    return value


def _printable(value: str) -> str:
    if _UNPRINTABLE.search(value):
        raise ValueError("contains control characters or lone surrogates; send plain Unicode text")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_not_before_computers)]
"""RFC 3339 with a zone; a number or a naive time is refused."""

_PRINTABLE: Final = Field(json_schema_extra={"pattern": r"^[^\u0000-\u001f\u007f]*$"})
"""What `_printable` wants, as JSON Schema says it."""

Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=256), AfterValidator(_printable), _PRINTABLE
]
"""An id that the app chooses: 1-256 printable characters."""

MAX_URI_CHARACTERS: Final = 2_000_000
"""Room for one `data:` image of about 1.4 MB; a Kafka record is smaller still."""

ImageUri = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_URI_CHARACTERS),
    AfterValidator(_printable),
    _PRINTABLE,
]
"""Where an image lies: https, s3, file under an allowed root, or `data:` base64."""

Text = Annotated[str, StringConstraints(max_length=4_000)]
"""Free text that we carry and do not interpret."""

Scalar = str | int | float | bool | None
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=128)], Scalar], Field(max_length=64)
]
"""Up to 64 flat key-value pairs of the app's own; nested values are refused."""

Milliseconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
