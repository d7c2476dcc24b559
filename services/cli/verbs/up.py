"""`preferstream up`: run Kafka and every service on this machine until Ctrl-C."""

from typing import Annotated

import typer

from services.cli.output.console import fail, out, print_json, print_progress
from services.local.runtime_file import RuntimeFile
from shared.settings import from_environment


def up(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON when everything is ready.")
    ] = False,
    parent: Annotated[
        int | None, typer.Option(help="Stop when this parent process ends.", hidden=True)
    ] = None,
) -> None:
    """Run Kafka and every service on this machine until Ctrl-C.

    Example: preferstream up
    """
    # Imported here: the other commands do not need these modules.
    print_progress("starting Kafka and loading the services")
    from services.local.config import LocalSettings
    from services.local.errors import CannotRun
    from services.local.logs import log_to
    from services.local.run import run

    settings = from_environment(LocalSettings)
    log_to(settings.data_dir)

    def ready(runtime_file: RuntimeFile) -> None:
        if as_json:
            print_json(runtime_file.ready_line())
            return
        out.print(f"[bold green]ready[/] Kafka listens on [bold]{runtime_file.kafka}[/]")
        out.print(f"the dashboard is at [bold]{runtime_file.dashboard}[/]")
        for name, address in runtime_file.services.items():
            out.print(f"  {name:<10} {address}/healthz")
        out.print(
            "Send images with `preferstream publish --user ada pictures/`. Ctrl-C stops the system."
        )

    try:
        run(settings, on_progress=print_progress, on_ready=ready, parent=parent)
    except CannotRun as error:
        fail(str(error))
