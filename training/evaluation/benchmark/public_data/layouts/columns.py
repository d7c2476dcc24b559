"""Look up the fields of a row by the names of their columns, which options can change."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from shared.domain.errors import Unprocessable
from shared.events.interchange.fields import identifier
from shared.events.types.fields import Identifier
from training.evaluation.benchmark.items import BadBenchmark

_IDENTIFIER: Final = TypeAdapter[str](Identifier)


class Columns:
    """The column of each field; upper and lower case are the same."""

    def __init__(self, names: Mapping[str, str], given: Mapping[str, str]) -> None:
        """`given` overrides some of `names`; raises `BadBenchmark` for an unknown field."""
        for field in given:
            if field not in names:
                raise BadBenchmark(
                    f"--column {field}={given[field]}: this data has no field {field}; its fields"
                    f" are {', '.join(names) or 'fixed'}"
                )
        self._names = {field: name.strip().lower() for field, name in {**names, **given}.items()}

    def read(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The values by field; None where the row has no such column."""
        values = {str(name).strip().lower(): value for name, value in row.items()}
        return {field: values.get(name) for field, name in self._names.items()}

    def check(self, row: Mapping[str, Any], file: str, *, optional: Sequence[str] = ()) -> None:
        """Raise `BadBenchmark` where the first row of a file lacks a column."""
        present = {str(name).strip().lower() for name in row}
        for field, name in self._names.items():
            if name not in present and field not in optional:
                columns = ", ".join(sorted(str(name).strip() for name in row))
                raise BadBenchmark(
                    f"{file} has no column {name}; it has {columns}. Name the column of the"
                    f" field {field} with --column {field}=NAME"
                )

    @property
    def by_field(self) -> Mapping[str, str]:
        return self._names


def user_of(value: object) -> str:
    """A user's id; raises `Unprocessable`."""
    user = identifier(value, what="user")
    try:
        return _IDENTIFIER.validate_python(user)
    except ValidationError as error:
        raise Unprocessable(
            "bad_user", f"the user {user[:40]!r} is no valid id: {error.errors()[0]['msg']}"
        ) from error


def number_of(value: object, *, what: str) -> float:
    """A finite number, also as text; raises `Unprocessable`."""
    try:
        number = float("nan") if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")):
        missing = value is None or value == ""
        raise Unprocessable(
            "missing_field" if missing else f"bad_{what}",
            f"there is no {what}" if missing else f"the {what} {str(value)[:40]!r} is no number",
        )
    return number
