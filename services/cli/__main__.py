"""The command `preferstream`: one verb a file, each with an example in its help."""

import typer

from services.cli.console import FAILURE, err
from services.cli.verbs import (
    assess,
    bench,
    demo,
    dlq,
    doctor,
    erase,
    evaluate,
    feed,
    feedback,
    models,
    night,
    profile,
    publish,
    up,
)
from shared.settings import WrongSettings

app = typer.Typer(
    name="preferstream",
    help="Rank images for each person, from a taste profile that can be read.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(up.up)
app.command()(demo.demo)
app.command()(assess.assess)
app.command()(publish.publish)
app.command()(feed.feed)
app.command()(feedback.feedback)
app.add_typer(profile.app, name="profile")
app.command()(erase.erase)
app.command()(evaluate.evaluate)
app.command()(bench.bench)
app.command()(night.night)
app.add_typer(models.app, name="models")
app.add_typer(dlq.app, name="dlq")
app.command()(doctor.doctor)


def main() -> None:
    try:
        app()
    except WrongSettings as error:
        err.print(f"[bold red]preferstream:[/] a setting cannot be used:\n{error}", markup=True)
        raise SystemExit(FAILURE) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
