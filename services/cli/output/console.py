"""Talk to the person at the terminal, or to the machine that asked for `--json`."""

import json
import sys
from typing import Any, NoReturn

import typer
from rich.console import Console

FAILURE = 1
WRONG_USE = 2

out = Console(highlight=False)
"""Results. Rich leaves colours and animations out when this is not a terminal."""

err = Console(stderr=True, highlight=False)
"""Progress and complaints, so that results can be piped."""


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def fail(message: str, *, code: int = FAILURE) -> NoReturn:
    """End with a message that says what happened and what to do."""
    err.print(f"[bold red]preferstream:[/] {_escaped(message)}")
    raise typer.Exit(code)


def wrong_use(message: str) -> NoReturn:
    fail(message, code=WRONG_USE)


def say(text: str) -> None:
    """One line of progress."""
    err.print(f"[dim]{_escaped(text)}[/]")


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
