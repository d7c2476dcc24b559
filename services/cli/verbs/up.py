"""`preferstream up`: Kafka and every service on this machine, until Ctrl-C."""

from typing import Annotated

import typer

from services.cli.output.console import fail, out, print_json, say
from services.local.runtime_file import RuntimeFile
from shared.settings import from_environment


def up(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line when everything is ready.")
    ] = False,
    parent: Annotated[
        int | None, typer.Option(help="End when this process is no longer our parent.", hidden=True)
    ] = None,
) -> None:
    """Start a Kafka and every service on this machine, until Ctrl-C.

    Example: preferstream up
    """
    # Imported here: these bring in torch and FastStream, which the other verbs do without.
    say("loading the services")
    from services.local.config import LocalSettings
    from services.local.logs import log_to
    from services.local.errors import CannotRun
    from services.local.run import run

    settings = from_environment(LocalSettings)
    log_to(settings.data_dir)

    def ready(announcement: RuntimeFile) -> None:
        if as_json:
            print_json(announcement.ready_line())
            return
        out.print(f"[bold green]ready[/] Kafka listens on [bold]{announcement.kafka}[/]")
        out.print(f"the dashboard is at [bold]{announcement.dashboard}[/]")
        for name, address in announcement.services.items():
            out.print(f"  {name:<10} {address}/healthz")
        out.print("Send images with `preferstream publish --user ada pictures/`; Ctrl-C ends.")

    try:
        run(settings, on_progress=say, on_ready=ready, parent=parent)
    except CannotRun as error:
        fail(str(error))
