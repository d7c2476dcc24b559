"""Define the command `preferstream` with its help."""

import os
import sys
from typing import Final

import typer

from services.cli.output.console import FAILURE, print_error
from services.cli.program.lazy_commands import LazyCommands
from shared.files.write_errors import describe
from shared.settings import InvalidSettings

READER_ENDED: Final = 141
"""128 and the number of SIGPIPE: the exit code of other programs in that case."""
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
    """Run the command of the arguments; a wrong setting or a full disk ends it with a sentence."""
    try:
        app()
    except InvalidSettings as error:
        print_error(f"a setting is invalid:\n{error}")
        raise SystemExit(FAILURE) from None
    except BrokenPipeError:
        # The reader of a pipe has ended, as in `preferstream feed | head -1`. Python would write
        # the rest of its buffer at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(READER_ENDED) from None
    except OSError as error:
        print_error(describe(error))
        raise SystemExit(FAILURE) from None
