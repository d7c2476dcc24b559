"""`preferstream up`: run Kafka and every service on this machine until Ctrl-C."""

from typing import Annotated

import typer

from services.cli.output.console import fail, print_json, print_line, print_progress
from services.cli.output.wrapping import Id
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
        print_line(("ready", "bold green"), " Kafka listens on ", (Id(runtime_file.kafka), "bold"))
        print_line("the dashboard is at ", (Id(runtime_file.dashboard), "bold"))
        for name, address in runtime_file.services.items():
            print_line(f"  {name:<10} {address}/healthz")
        print_line(
            "Send images with `preferstream publish --user ada pictures/`. Ctrl-C stops the system."
        )

    try:
        run(settings, on_progress=print_progress, on_ready=ready, parent=parent)
    except CannotRun as error:
        fail(str(error))
