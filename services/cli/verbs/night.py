"""`preferstream night`: one whole training on what people did, and the gate's verdict, now."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry

from services.cli.connection import ConnectionSettings
from services.cli.output.console import FAILURE, fail, out, print_json, say
from services.local.kafka.broker import start_local_kafka
from services.local.kafka.errors import KafkaDidNotStart
from services.local.runtime_file import read_runtime_file
from services.retrain.app import collector
from services.retrain.config import RetrainSettings
from services.retrain.jobs.dependencies import JobPlan
from services.retrain.jobs.factory import build_job_runner
from services.retrain.jobs.finalization import JobOutcome
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.jobs.settings import TrainingSettings
from shared.domain.errors import Unavailable
from shared.events.topics import DEAD_LETTERS, TOPICS
from shared.jobs.result_codes import NEEDS_REPAIR
from shared.jobs.training_job import JobStep
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.settings import from_environment
from shared.vlm.checkpoint.checkpoint import BadCheckpoint


def night(
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, help="Budget of training and evidence; without it, the setting's."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Stop before training; say what it would begin with.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as one line.")] = False,
) -> None:
    """Collect, train, judge, and promote or keep: what happens by itself at 02:30.

    Works beside a running system, or alone on the data folder of one that has run. Exit code 0
    means that there is a verdict, whichever it is.

    Example: preferstream night --minutes 15
    """
    settings = from_environment(ConnectionSettings)
    try:
        with _kafka(settings) as (kafka, roots):
            end = _run(settings, kafka, roots, JobPlan(minutes=minutes, dry_run=dry_run))
    except KafkaDidNotStart as error:
        fail(error.detail)
    except (Unavailable, BadCheckpoint) as error:
        fail(getattr(error, "detail", str(error)))
    _told(end, as_json)


@contextmanager
def _kafka(settings: ConnectionSettings) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """The cluster that is there, or the local one for as long as the night takes."""
    running = read_runtime_file(settings.data_dir)
    roots = tuple(map(Path, running.allowed_file_roots)) if running else ()
    if settings.kafka_bootstrap_servers or running:
        say("using the system that is running")
        yield settings.kafka_bootstrap_servers or (running.kafka if running else ""), roots
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with start_local_kafka(
        settings.data_dir / "kafka", on_progress=lambda step: say(f"Kafka: {step}")
    ) as broker:
        provision(
            MessagingSettings(kafka_bootstrap_servers=broker.bootstrap), (*TOPICS, *DEAD_LETTERS)
        )
        yield broker.bootstrap, roots


def _run(
    settings: ConnectionSettings, kafka: str, roots: tuple[Path, ...], plan: JobPlan
) -> JobOutcome:
    messaging = from_environment(MessagingSettings, kafka_bootstrap_servers=kafka)
    retrain = from_environment(RetrainSettings)
    if "lake_uri" not in retrain.model_fields_set:
        retrain = retrain.model_copy(update={"lake_uri": str(settings.data_dir / "lake")})
    wiring = TrainingSettings.read(data_dir=settings.data_dir, roots=roots)
    metrics = CollectorRegistry()
    collecting = collector(retrain, messaging, metrics)
    running, _ = build_job_runner(collecting, retrain, wiring, messaging, JobMetrics(metrics))
    return running.run(plan, report=_progress)


def _progress(step: JobStep) -> None:
    left = "" if step.seconds_left is None else f" ({_spell(step.seconds_left)} left)"
    say(f"{_spell(step.seconds_spent):>7}  {step.stage}: {step.text}{left}")


def _spell(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _told(end: JobOutcome, as_json: bool) -> None:
    if as_json:
        print_json(asdict(end))
    else:
        colour = {"promoted": "bold green", "tried_out": "bold green"}.get(end.verdict, "bold")
        version = f" {end.version}" if end.version else ""
        out.print(f"[{colour}]{end.verdict}[/]{version}")
        out.print(end.reason, markup=False)
        if end.report:
            page = Path(end.report).resolve() / "report.html"
            out.print(f"the gate's report: {page.as_uri()}", markup=False)
        for warning in end.warnings:
            say(f"note: {warning}")
    if end.verdict in ("skipped", "stopped") or end.code in NEEDS_REPAIR:
        raise typer.Exit(FAILURE)
