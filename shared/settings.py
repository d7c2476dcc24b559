"""Read settings from `PREFERSTREAM_*` variables and `.env`, once, where a process starts."""

from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PREFERSTREAM_"
SettingsT = TypeVar("SettingsT", bound=BaseModel)


class WrongSettings(Exception):
    """A variable has a value that cannot be used; the text names each one and what it wants."""


def from_environment(model: type[SettingsT], **fixed: Any) -> SettingsT:
    """`model` with each field taken from `fixed`, else `PREFERSTREAM_<FIELD>`, else `.env`.

    Settings stay plain frozen models that know of no environment, so tests build them directly.
    Raises `WrongSettings` with one line a wrong variable.
    """
    reader = type(
        model.__name__,
        (model, BaseSettings),
        {
            "__module__": model.__module__,
            "model_config": SettingsConfigDict(
                env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True
            ),
        },
    )
    try:
        return cast(SettingsT, reader(**fixed))
    except ValidationError as error:
        raise WrongSettings("\n".join(_line(problem) for problem in error.errors())) from error


def _line(problem: Any) -> str:
    name = PREFIX + "_".join(str(part) for part in problem["loc"]).upper()
    return f"{name}: {problem['msg']} (it is {problem['input']!r})"
