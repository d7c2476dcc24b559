"""Import of the verbs only the one that is asked for: all of them together take seconds."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

VERBS: Final = (
    "up", "demo", "assess", "publish", "feed", "feedback", "profile", "erase", "evaluate", "bench",
    "night", "models", "dlq", "doctor",
)  # fmt: skip
"""In the order of the help; each is a module of `services.cli.verbs`."""


class Verbs(TyperGroup):
    """The commands of `preferstream`."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.commands: Any = _Loaded()


class _Loaded(Mapping[str, Any]):
    """A verb is imported when it is looked at; its name alone is known before."""

    def __getitem__(self, name: str) -> Any:
        if name not in VERBS:
            raise KeyError(name)
        return _command(name)

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


@cache
def _command(name: str) -> Any:
    module = import_module(f"services.cli.verbs.{name}")
    around = typer.Typer(add_completion=False)
    if hasattr(module, "app"):
        around.add_typer(module.app, name=name)
    else:
        around.command()(getattr(module, name))
    return typer.main.get_group(around).commands[name]
