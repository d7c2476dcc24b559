"""`preferstream up`: run Kafka and every service on this machine until Ctrl-C."""

from typing import Annotated

import typer

from services.cli.files.data_folder import prepare_data_dir
from services.cli.output.console import fail, print_json, print_line, print_progress
from services.cli.output.wrapping import Id
from services.cli.program.interruption import interruptible, interruption
from services.local.runtime_file import RuntimeFile
from shared.settings import from_environment

AFTER_READY = (
    "the system has stopped; events that were not finished are processed after the next start"
)
BEFORE_READY = "stopped before the system was ready; nothing is lost, and `up` starts it again"


def up(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON when everything is ready.")
    ] = False,
    model_server: Annotated[
        bool,
        typer.Option(
            "--model-server",
            help="Serve the model with vLLM on this machine, and restart it when it fails.",
        ),
    ] = False,
    parent: Annotated[
        int | None, typer.Option(help="Stop when this parent process ends.", hidden=True)
    ] = None,
) -> None:
    """Run Kafka and every service on this machine until Ctrl-C.

    Example: preferstream up
    """
    print_progress("starting Kafka and loading the services")
    with interruptible(lambda: BEFORE_READY):
        # Imported here: the other commands do not need these modules.
        from services.local.config import LocalSettings
        from services.local.errors import CannotRun
        from services.local.logs import log_to
        from services.local.run import run

    settings = from_environment(LocalSettings)
    prepare_data_dir(settings.data_dir)
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
        stopped = run(
            settings, on_progress=print_progress, on_ready=ready, parent=parent,
            with_model_server=model_server,
        )  # fmt: skip
    except CannotRun as error:
        fail(str(error))
    sentence = AFTER_READY if stopped.was_ready else BEFORE_READY
    if parent is not None:  # the parent prints what this means for its user
        sentence = "the local system has stopped"
    if stopped.exit_code or not stopped.was_ready:
        interruption.sentence = lambda: sentence
        interruption.end(stopped.exit_code)
    print_progress(sentence)
