"""A prompt style whose answers end early: a model with random weights never ends one itself."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from shared.prompting.styles.protocol import PromptStyle, Task

TOKENS: Final = 16
TASKS: Final = ("predict", "describe", "score", "explain")


class ShortAnswers:
    """The tasks of another style, each with an answer of at most `TOKENS` tokens."""

    def __init__(self, style: PromptStyle) -> None:
        self._style = style

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._style, name)
        return _shortened(value) if name in TASKS else value


def _shortened(build: Callable[..., Task]) -> Callable[..., Task]:
    return lambda *args, **options: replace(build(*args, **options), max_tokens=TOKENS)
