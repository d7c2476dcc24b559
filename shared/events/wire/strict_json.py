"""Parse JSON strictly: UTF-8, no NaN, no duplicate names, limited nesting."""

import json
from typing import Any, NoReturn

from shared.domain.errors import Unprocessable


def read_object(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`; raises `Unprocessable` for anything else."""
    return as_object(read_value(data))


def as_object(value: object) -> dict[str, Any]:
    """The value, if it is a JSON object; raises `Unprocessable`."""
    if not isinstance(value, dict):
        raise Unprocessable(
            "not_an_object", f"the value is a JSON {_kind(value)}; an event is a JSON object"
        )
    return value


def read_value(data: bytes) -> Any:
    """The JSON value in `data`, whatever its type; raises `Unprocessable`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unprocessable(
            "not_utf8", f"the value is not UTF-8 at byte {error.start}; send JSON in UTF-8"
        ) from error
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
    except RecursionError as error:
        raise Unprocessable("not_json", "the value is nested too deeply to be an event") from error
    except json.JSONDecodeError as error:
        raise Unprocessable("not_json", f"the value is not JSON: {str(error)[:200]}") from error
    except _NotStrict as error:
        raise Unprocessable("not_json", f"the value is not JSON: {error}") from error
    except ValueError as error:
        # Python refuses integers of thousands of digits, because parsing them is quadratic.
        raise Unprocessable("not_json", "a number has thousands of digits") from error


class _NotStrict(Exception):
    """JSON that lenient parsers accept, but that is not valid or is ambiguous."""


def _no_constant(name: str) -> NoReturn:
    raise _NotStrict(f"{name} is not a JSON number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise _NotStrict(f"the name {duplicate[:64]!r} occurs twice in one object")
    return fields


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return {str: "string", list: "array", bool: "boolean"}.get(type(value), "number")
