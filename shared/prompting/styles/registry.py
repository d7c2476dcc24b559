"""Find a prompt style by its name: each folder here is one style."""

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Final

from shared.prompting import styles
from shared.prompting.styles.protocol import BadPromptStyle, BadPromptTemplate, PromptStyle


class UnknownPromptStyle(BadPromptStyle):
    """No style has this name; the text lists the names."""


@cache
def style_names() -> tuple[str, ...]:
    """The names of all styles: the folders of this package."""
    return tuple(sorted(item.name for item in pkgutil.iter_modules(styles.__path__) if item.ispkg))


def prompt_style(name: str, *, template: bytes | Path | None = None) -> PromptStyle:
    """The style of this name, with the user's template or its file, for a style that takes one.

    Raises `UnknownPromptStyle`, and `BadPromptTemplate` without a usable template.
    """
    if name not in style_names():
        raise UnknownPromptStyle(
            f"{name!r} is no prompt style; expected {' or '.join(style_names())}"
        )
    return _opened(name, _read(template) if isinstance(template, Path) else template)


@cache
def _opened(name: str, template: bytes | None) -> PromptStyle:
    """One object for each style and template, so that packages of one style are equal."""
    folder = importlib.import_module(f"{styles.__name__}.{name}")
    style: PromptStyle = folder.open_style(template)
    return style


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadPromptTemplate(
            f"the prompt template {file} cannot be read: {error.strerror}"
        ) from error


COMPACT: Final[PromptStyle] = prompt_style("compact")
GENERAL: Final[PromptStyle] = prompt_style("general")
