"""Run the command `preferstream`."""

import typer

from services.cli.lazy_commands import LazyCommands
from services.cli.output.console import FAILURE, print_error
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


def main() -> None:
    try:
        app()
    except InvalidSettings as error:
        print_error(f"a setting is invalid:\n{error}")
        raise SystemExit(FAILURE) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
