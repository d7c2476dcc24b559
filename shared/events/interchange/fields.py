"""Read single values of a row: ids, times and numbers in the notations of other systems."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import ValidationError

from shared.domain.errors import Unprocessable
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.times import NoTime, Unit, parse_time
from shared.events.types.catalog import CatalogImage
from shared.events.types.feedback import Feedback
from shared.events.types.fields import now_context
from shared.events.wire.validation_problems import describe_problems

EventT = TypeVar("EventT", CatalogImage, Feedback)
MAX_POSITION: Final = 1_000_000


def identifier(value: object, *, what: str) -> str:
    """An id as text: systems write numbers as ids too. Raises `Unprocessable` without one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        text = ""
    else:
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if not text.strip():
        raise Unprocessable("missing_field", f"there is no {what}")
    return text.strip("\ufeff \t\r\n")


def optional_identifier(value: object) -> str | None:
    """As `identifier`, but None where there is nothing."""
    if value is None or value == "" or isinstance(value, dict | list | bool):
        return None
    return identifier(value, what="id")


def time_of(value: object, options: ImportOptions, *, unit: Unit = "guess") -> datetime:
    """The time of a row of feedback; raises `Unprocessable`."""
    try:
        return parse_time(value, now=options.now, zone=options.zone, unit=unit)
    except NoTime:
        if options.missing_time is not None:
            return options.missing_time
        raise Unprocessable(
            "missing_time", "the row has no time; give one with --missing-time, or correct it"
        ) from None
    except ValueError as error:
        raise Unprocessable("bad_time", str(error)) from error


def optional_time(
    value: object, options: ImportOptions, *, unit: Unit = "guess"
) -> datetime | None:
    """The time that a row may have; raises `Unprocessable` for one that cannot be read."""
    try:
        return parse_time(value, now=options.now, zone=options.zone, unit=unit)
    except NoTime:
        return None
    except ValueError as error:
        raise Unprocessable("bad_time", str(error)) from error


def position_of(value: object) -> int | None:
    """A rank from 1, or None."""
    number = whole_number(value)
    # Positions that count from 0, or are beyond any list, are no ranks; the feedback stays.
    return number if number is not None and 1 <= number <= MAX_POSITION else None


def whole_number(value: object) -> int | None:
    """A number or its text as an integer, or None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return None


def given_id(value: object) -> UUID | None:
    """The id that our own export has written, or None."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def valid(kind: type[EventT], fields: Mapping[str, Any], options: ImportOptions) -> EventT:
    """The event of these fields; raises `Unprocessable` where they break the contract."""
    try:
        return kind.model_validate(fields, context=now_context(options.now))
    except ValidationError as error:
        raise Unprocessable("invalid_event", describe_problems(error)) from error
