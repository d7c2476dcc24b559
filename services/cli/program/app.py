"""Define the command `preferstream` with its help."""

import typer

from services.cli.output.console import FAILURE, print_error
from services.cli.program.lazy_commands import LazyCommands
from shared.settings import InvalidSettings

HELP = """Rank images for each user by a taste profile in plain words.

`preferstream demo` shows everything once; `preferstream up` starts a system for your app.
Each command has an example in its `--help`.
"""

app = typer.Typer(
    name="preferstream",
    cls=LazyCommands,
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback(help=HELP)
def _preferstream() -> None:
    """Make `preferstream` a group of commands."""


def run() -> None:
    """Run the command of the arguments; a wrong setting ends it with a sentence."""
    try:
        app()
    except InvalidSettings as error:
        print_error(f"a setting is invalid:\n{error}")
        raise SystemExit(FAILURE) from None
