"""Print results, progress and errors to the terminal, or JSON for programs."""

import json
import sys
from typing import Any, NoReturn

import typer
from rich.console import Console

FAILURE = 1
WRONG_USE = 2

out = Console(highlight=False)
"""Standard output, for results. Rich omits colors and animations when it is not a terminal."""

err = Console(stderr=True, highlight=False)
"""Standard error, for progress and errors, so that results can be piped."""


def print_json(value: Any) -> None:
    """Print one line of JSON to standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def fail(message: str, *, code: int = FAILURE) -> NoReturn:
    """Print what happened and what to do, and end the command with `code`."""
    err.print(f"[bold red]preferstream:[/] {_escaped(message)}")
    raise typer.Exit(code)


def wrong_use(message: str) -> NoReturn:
    """End the command because its arguments are wrong: exit code 2."""
    fail(message, code=WRONG_USE)


def print_progress(text: str) -> None:
    """Print one line of progress to standard error."""
    err.print(f"[dim]{_escaped(text)}[/]")


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
