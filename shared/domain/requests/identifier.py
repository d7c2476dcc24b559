"""The type of all ids that an app chooses: short printable texts."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def printable(value: str) -> str:
    """The text; raises `ValueError` if it has control characters or lone surrogates."""
    if _UNPRINTABLE.search(value):
        raise ValueError("contains control characters or lone surrogates; send plain Unicode text")
    return value


_PRINTABLE: Final = Field(json_schema_extra={"pattern": r"^[^\u0000-\u001f\u007f]*$"})
"""The rule of `printable` as JSON Schema."""

Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=256), AfterValidator(printable), _PRINTABLE
]
"""An id that the app chooses: 1-256 printable characters."""
