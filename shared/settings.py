"""Read settings from `PREFERSTREAM_*` variables and `.env`, once, where a process starts."""

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PREFIX = "PREFERSTREAM_"
SettingsT = TypeVar("SettingsT", bound=BaseModel)


class InvalidSettings(Exception):
    """A variable has an invalid value; the text names each variable and what it accepts."""


def from_environment(model: type[SettingsT], /, **fixed: Any) -> SettingsT:
    """`model` with each field taken from `fixed`, else `PREFERSTREAM_<FIELD>`, else `.env`.

    Settings are plain frozen models without any knowledge of the environment, so tests build them
    directly. A field with several values is written with colons between them, like `PATH`; `\\:` is
    a colon inside a value. A path that starts with `~/` is below the home folder, as in a shell.
    Raises `InvalidSettings` with one line for each invalid variable.
    """
    reader = type(
        model.__name__,
        (model, _Reader),
        {"__module__": model.__module__, "__doc__": model.__doc__},
    )
    try:
        read = reader(**fixed)
    except ValidationError as error:
        secret = {name for name, field in model.model_fields.items() if _is_secret(field)}
        lines = [_line(problem, secret) for problem in error.errors()]
        # Not `from error`: its text repeats the values, passwords too.
        raise InvalidSettings("\n".join(lines)) from None
    values = {name: _expanded(getattr(read, name)) for name in model.model_fields}
    return model.model_construct(_fields_set=read.model_fields_set, **values)


def split_at_colons(text: str) -> tuple[str, ...]:
    """The parts between colons; `\\:` is a colon and `\\\\` a backslash inside a part."""
    parts = re.findall(r"(?:\\[:\\]|[^:])+", text)
    return tuple(re.sub(r"\\([:\\])", r"\1", part) for part in parts)


class _Colons:
    """Parse several values separated by colons instead of JSON."""

    def prepare_field_value(
        self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool
    ) -> Any:
        if isinstance(value, str) and (value_is_complex or _holds_several(field)):
            return split_at_colons(value)
        return value


class _Environment(_Colons, EnvSettingsSource):
    pass


class _DotEnv(_Colons, DotEnvSettingsSource):
    pass


class _Reader(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # The fields keep their descriptions; this class has no source to read them from.
        use_attribute_docstrings=False,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, _Environment(settings_cls), _DotEnv(settings_cls))


def _expanded(value: Any) -> Any:
    """Paths with the home folder in place of `~`; a shell expands it only outside of `.env`."""
    if isinstance(value, tuple):
        return tuple(map(_expanded, value))
    # Not `~name`: a folder may have that name, and no user.
    if isinstance(value, Path) and value.parts[:1] == ("~",):
        return Path(os.path.expanduser("~"), *value.parts[1:])
    return value


def _holds_several(field: FieldInfo) -> bool:
    return getattr(field.annotation, "__origin__", None) in (tuple, list, frozenset, set)


def _is_secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation)


def _line(problem: Any, secret: Collection[str]) -> str:
    variable = "_".join(str(part) for part in problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not variable:
        return message
    # An address with `@` can hold a password.
    hidden = problem["loc"][0] in secret or "@" in str(problem["input"])
    value = "" if hidden else f" (it is {problem['input']!r})"
    return f"{PREFIX}{variable.upper()}: {message}{value}"
