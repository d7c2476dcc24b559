"""The command `preferstream`: one verb a file, each with an example in its help."""

import typer

from services.cli.lazy_commands import Verbs
from services.cli.output.console import FAILURE, err
from shared.settings import InvalidSettings

app = typer.Typer(
    name="preferstream",
    cls=Verbs,
    help="Rank images for each person, from a taste profile that can be read.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _preferstream() -> None:
    """Rank images for each person, from a taste profile that can be read."""


def main() -> None:
    try:
        app()
    except InvalidSettings as error:
        err.print(f"[bold red]preferstream:[/] a setting cannot be used:\n{error}", markup=True)
        raise SystemExit(FAILURE) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
