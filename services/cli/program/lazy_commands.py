"""Import only the command that runs: importing all of them takes seconds."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

VERBS: Final = {
    "up": "system", "demo": "system", "assess": "app", "publish": "app", "feed": "app",
    "catalog": "app", "feedback": "app", "profile": "app", "mcp": "app", "imagine": "app",
    "rate": "app", "study": "system", "erase": "app",
    "evaluate": "models", "bench": "models", "night": "models", "model": "models",
    "models": "models", "rules": "system", "dlq": "app", "import": "data",
    "import-benchmark": "data", "export": "data", "backtest": "data", "doctor": "system",
}  # fmt: skip
"""In the order of `--help`; each is a module in its folder of `services.cli.verbs`."""


class LazyCommands(TyperGroup):
    """The commands of `preferstream`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: Any = _ImportedOnUse()


class _ImportedOnUse(Mapping[str, Any]):
    """Commands by name; a command is imported when it is looked up."""

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
    stem = name.replace("-", "_")
    module = import_module(f"services.cli.verbs.{VERBS[name]}.{stem}")
    group = typer.Typer(add_completion=False)
    if hasattr(module, "app"):
        group.add_typer(module.app, name=name)
    else:
        # `import` is a word of Python: its function is called `import_`.
        function = getattr(module, stem, None) or getattr(module, f"{stem}_")
        group.command(name)(function)
    return typer.main.get_group(group).commands[name]
