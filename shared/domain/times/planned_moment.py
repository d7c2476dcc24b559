"""The type of a time that may lie in the future, such as the end of an offer."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from shared.domain.times.rfc3339 import parse_rfc3339
from shared.domain.times.time_bounds import bounded


def _parsed(value: object) -> object:
    # Parsed here: strict JSON validation accepts no text after a Python validator.
    return parse_rfc3339(value) if isinstance(value, str) else value


def _in_utc(value: datetime) -> datetime:
    return bounded(value, now=None)


PlannedMoment = Annotated[AwareDatetime, BeforeValidator(_parsed), AfterValidator(_in_utc)]
"""RFC 3339 with a zone, in UTC after validation, between 1970 and 9999; no limit at the present."""
