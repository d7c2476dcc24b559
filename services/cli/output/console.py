"""Print results, progress and errors to the terminal, or JSON for programs."""

import json
import os
import sys
from typing import Any, NoReturn

import typer
from rich.console import Console

from services.cli.output.listing import Listing, print_listing
from services.cli.output.literal_text import literal
from services.cli.output.wrapping import Part, wrap

FAILURE = 1
WRONG_USE = 2
USUAL_COLUMNS = 80

out = Console(highlight=False, markup=False, emoji=False)
"""Standard output, for results. Rich omits colors and animations when it is not a terminal."""

err = Console(stderr=True, highlight=False, markup=False, emoji=False)
"""Standard error, for progress and errors, so that results can be piped."""


def columns(console: Console) -> int | None:
    """Width of the terminal, or the variable COLUMNS; None: a pipe or a file, nothing is wrapped.

    Rich alone would take 80 for a pipe, and for a terminal of the type `dumb`.
    """
    variable = os.environ.get("COLUMNS", "")
    if variable.isdecimal() and int(variable) > 0:
        return int(variable)
    if not console.file.isatty():
        return None
    try:
        return os.get_terminal_size(console.file.fileno()).columns or USUAL_COLUMNS
    except OSError:
        return USUAL_COLUMNS


def print_line(*parts: Part) -> None:
    """Print a result in one line, wrapped at spaces on a terminal; an `Id` is never broken."""
    _print(out, parts)


def print_rows(listing: Listing) -> None:
    """Print rows to standard output, as wide as the terminal allows."""
    print_listing(out, listing, width=columns(out))


def print_block(text: str) -> None:
    """Print a foreign text with its line breaks, unwrapped; other control characters as escapes."""
    out.print(literal(text, encoding=out.encoding, keep="\n\t"), soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one line of JSON to standard output; ASCII only if the output cannot encode it."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value, separators=(",", ":"))
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def fail(message: str, *, code: int = FAILURE) -> NoReturn:
    """Print what happened and what to do, and end the command with `code`."""
    print_error(message)
    raise typer.Exit(code)


def print_error(message: str) -> None:
    """Print an error to standard error, after the name of the program."""
    first, *rest = message.split("\n")
    _print(err, [("preferstream: ", "bold red"), first])
    for line in rest:
        _print(err, [line])


def wrong_use(message: str) -> NoReturn:
    """End the command because its arguments are wrong: exit code 2."""
    fail(message, code=WRONG_USE)


def print_progress(text: str) -> None:
    """Print progress to standard error."""
    for line in text.split("\n"):
        _print(err, [(line, "dim")])


def _print(console: Console, parts: "list[Part] | tuple[Part, ...]") -> None:
    for line in wrap(parts, width=columns(console), encoding=console.encoding):
        console.print(line, soft_wrap=True)
