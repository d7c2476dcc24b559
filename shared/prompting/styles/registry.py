"""Find a prompt style by its name."""

from collections.abc import Mapping
from typing import Final

from shared.prompting.styles.compact import CompactStyle
from shared.prompting.styles.general import GeneralStyle
from shared.prompting.styles.protocol import PromptStyle

COMPACT: Final[PromptStyle] = CompactStyle()
GENERAL: Final[PromptStyle] = GeneralStyle()
STYLES: Final[Mapping[str, PromptStyle]] = {style.name: style for style in (COMPACT, GENERAL)}


class UnknownPromptStyle(Exception):
    """No style has this name; the text lists the names."""


def prompt_style(name: str) -> PromptStyle:
    """The style of this name; raises `UnknownPromptStyle`."""
    if name not in STYLES:
        raise UnknownPromptStyle(f"{name!r} is no prompt style; expected {' or '.join(STYLES)}")
    return STYLES[name]
