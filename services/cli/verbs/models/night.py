"""`preferstream night`: run one training job now, with the gate's verdict."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry

from services.cli.connection import ConnectionSettings
from services.cli.files.data_folder import prepare_data_dir
from services.cli.files.paths import lake_settings
from services.cli.output.console import (
    FAILURE,
    fail,
    print_json,
    print_line,
    print_progress,
    wrong_use,
)
from services.cli.output.wrapping import Id
from services.cli.program.interruption import interruptible
from services.local.kafka.broker import start_local_kafka
from services.local.kafka.errors import KafkaDidNotStart
from services.local.runtime_file import RuntimeFile, read_runtime_file
from services.retrain.app import build_collector
from services.retrain.jobs.dependencies import JobPlan
from services.retrain.jobs.factory import build_job_runner
from services.retrain.jobs.finalization import JobOutcome
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.jobs.settings import TrainingSettings
from shared.domain.errors import Unavailable
from shared.events.topics import ALL_TOPICS
from shared.jobs.result_codes import NEEDS_REPAIR
from shared.jobs.training_job import JobStep
from shared.jobs.training_methods import BadMethods, Method, parse_methods
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.settings import from_environment
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

INTERRUPTED = (
    "the training job was stopped before its end; the same command resumes it after the last stage"
    " that had ended"
)
STOP_SECONDS = 30.0
"""To end the training and the Kafka of this job; both take a few seconds."""


def night(
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, help="Time budget in minutes; default: the setting."),
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(
            help="Training methods in their order: sft, grpo, dpo, with commas between them;"
            " default: the setting."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Stop before the training, and print its inputs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Run one training job: collect feedback, train, evaluate, then promote or reject.

    The retrain service does this every night at 02:30. The command uses a running system, or the
    data folder of one that ran before. Exit code 0 means that the gate has decided, either way.

    Example: preferstream night --minutes 15
    """
    plan = JobPlan(minutes=minutes, dry_run=dry_run, methods=_parsed(methods))
    settings = from_environment(ConnectionSettings)
    prepare_data_dir(settings.data_dir)
    try:
        with (
            interruptible(lambda: INTERRUPTED, grace_seconds=STOP_SECONDS),
            _system(settings) as system,
        ):
            outcome = _run(settings, system, plan)
    except KafkaDidNotStart as error:
        fail(error.detail)
    except (Unavailable, BadCheckpoint) as error:
        fail(getattr(error, "detail", str(error)))
    _print_outcome(outcome, as_json)


def _parsed(methods: str | None) -> tuple[Method, ...] | None:
    if methods is None:
        return None
    try:
        return parse_methods(methods)
    except BadMethods as error:
        wrong_use(f"--methods: {error}")


@contextmanager
def _system(settings: ConnectionSettings) -> Iterator[RuntimeFile]:
    """The running system, with the configured Kafka before its own, or a Kafka for this job."""
    running = read_runtime_file(settings.data_dir)
    configured = settings.kafka_bootstrap_servers
    if configured or running:
        print_progress("using the running system")
        system = running or RuntimeFile(kafka="")
        yield system.model_copy(update={"kafka": configured}) if configured else system
        return
    with start_local_kafka(
        settings.data_dir / "kafka", on_progress=lambda step: print_progress(f"Kafka: {step}")
    ) as broker:
        provision(MessagingSettings(kafka_bootstrap_servers=broker.bootstrap), ALL_TOPICS)
        yield RuntimeFile(kafka=broker.bootstrap)


def _run(settings: ConnectionSettings, system: RuntimeFile, plan: JobPlan) -> JobOutcome:
    messaging = from_environment(MessagingSettings, kafka_bootstrap_servers=system.kafka)
    retrain = lake_settings()
    roots = tuple(map(Path, system.allowed_file_roots))
    training = _as_served(TrainingSettings.read(data_dir=settings.data_dir, roots=roots), system)
    metrics = CollectorRegistry()
    feedback_collector = build_collector(retrain, messaging, metrics)
    runner, _ = build_job_runner(
        feedback_collector, retrain, training, messaging, JobMetrics(metrics)
    )
    return runner.run(plan, on_step=_progress)


def _as_served(training: TrainingSettings, system: RuntimeFile) -> TrainingSettings:
    """The settings with the model server of the system, which its own command started."""
    if system.model_server is None:
        return training
    model = training.model.model_copy(update={"model_server": system.model_server})
    return replace(training, model=model)


def _progress(step: JobStep) -> None:
    left = "" if step.seconds_left is None else f" ({_clock(step.seconds_left)} left)"
    print_progress(f"{_clock(step.seconds_spent):>7}  {step.stage}: {step.text}{left}")


def _clock(seconds: float) -> str:
    """Minutes and seconds, such as 12:05."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _print_outcome(outcome: JobOutcome, as_json: bool) -> None:
    if as_json:
        print_json(asdict(outcome))
    else:
        color = {"promoted": "bold green", "tried_out": "bold green"}.get(outcome.verdict, "bold")
        print_line((outcome.verdict, color), " ", Id(outcome.version or ""))
        if outcome.opening:
            print_line(outcome.opening)
        print_line(outcome.reason)
        if outcome.report:
            page = Path(outcome.report).resolve() / "report.html"
            print_line("the gate's report: ", Id(page.as_uri()))
        for warning in outcome.warnings:
            print_progress(f"note: {warning}")
    if outcome.verdict in ("skipped", "stopped") or outcome.code in NEEDS_REPAIR:
        raise typer.Exit(FAILURE)
