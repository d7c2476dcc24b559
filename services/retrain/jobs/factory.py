"""Build the job runner from settings, and schedule nightly training and canary checks."""

import sys
from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.triggers.interval import IntervalTrigger

from services.retrain.canary.automatic_rollback import AutomaticRollback
from services.retrain.canary.canary_monitor import CanaryCheck, check_canary
from services.retrain.config import RetrainSettings
from services.retrain.jobs.dependencies import NIGHTLY, JobDependencies, Lake, nightly_plan
from services.retrain.jobs.finalization import JobFinalization
from services.retrain.jobs.folders import JobFolders
from services.retrain.jobs.gate_process import Gate, run_gate
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.jobs.runner import JobRunner
from services.retrain.jobs.schedule import ScheduledTask
from services.retrain.jobs.settings import NEVER, JobSettings, TrainingSettings
from services.retrain.jobs.training_process import TrainingProcess
from services.retrain.lake.collect import Collector
from services.retrain.nightly.daily_trigger import DailyTime, DailyTrigger
from services.retrain.nightly.last_start import LastStart
from services.retrain.registry.factory import models_dir, open_folders, open_promoter
from services.retrain.registry.promotion import Promoter
from shared.domain.clock import Clock, system_clock
from shared.messaging.client.settings import MessagingSettings

RESUME_AFTER: Final = timedelta(minutes=2)
"""Time from the start of the service to a killed or missed job: feeds come first."""


def _gate(settings: JobSettings) -> Gate:
    """The gate with the limits of the settings."""
    limits = ("--min-users", settings.gate_min_users, "--min-pairs", settings.gate_min_pairs)
    return partial(run_gate, command=(sys.executable, "-m", "training.gate", *map(str, limits)))


def build_job_runner(
    collector: Collector,
    settings: RetrainSettings,
    training: TrainingSettings,
    messaging: MessagingSettings,
    metrics: JobMetrics,
) -> tuple[JobRunner, Promoter]:
    """A job runner on the real Kafka, lake, registry and training; raises `BadCheckpoint`."""
    data_dir, jobs_dir = training.jobs.data_dir, training.jobs.jobs_dir
    models = models_dir(training.registry, data_dir=data_dir)
    folders = open_folders(training.registry, training.model, data_dir=data_dir)
    promoter = open_promoter(
        folders, training.registry, messaging, data_dir=data_dir, clock=system_clock
    )
    dependencies = JobDependencies(
        collect=collector.run,
        train=TrainingProcess(),
        finalize=JobFinalization(
            _gate(training.jobs), folders, promoter, jobs_dir=jobs_dir, history_dir=models
        ),
        folders=folders,
        promoter=promoter,
        models_dir=models,
        lake=Lake(settings.lake_uri, settings.s3_endpoint, training.allowed_file_roots),
        metrics=metrics,
        clock=system_clock,
        model=training.model,
    )
    return JobRunner(dependencies, training.jobs), promoter


def scheduled_tasks(
    collector: Collector,
    settings: RetrainSettings,
    training: TrainingSettings,
    messaging: MessagingSettings,
    metrics: JobMetrics,
) -> tuple[ScheduledTask, ...]:
    """The check of the canary, and nightly training unless it is switched off.

    The release's files are read when the first of them runs: a large model takes a minute, and a
    model that this process cannot read must not stop it from collecting.
    """
    build = cache(partial(build_job_runner, collector, settings, training, messaging, metrics))

    def check() -> CanaryCheck:
        _, promoter = build()
        return check_canary(promoter, messaging, apply=True)

    canary = ScheduledTask(
        name="canary",
        trigger=IntervalTrigger(minutes=training.jobs.canary_check_minutes, timezone="UTC"),
        run=AutomaticRollback(check, metrics).run,
    )
    if training.jobs.night_at == NEVER:
        return (canary,)
    return (canary, nightly_training(lambda: build()[0], training.jobs))


def nightly_training(
    build: Callable[[], JobRunner], settings: JobSettings, *, clock: Clock = system_clock
) -> ScheduledTask:
    """The task of nightly training; a start that a restart of the service missed is made up."""
    zone, starts = ZoneInfo(settings.night_timezone), settings.night_at
    daily = DailyTime.parse(starts, zone)
    last_start = LastStart(settings.jobs_dir, daily)
    runners: list[JobRunner] = []

    def run() -> None:
        began = clock()
        runners[:] = [build()]
        runners[0].run(nightly_plan(began.astimezone(zone), starts=starts))
        # After the run: a job that was killed is not handled, and a restart runs it again.
        last_start.store(began)

    def stop() -> None:
        for runner in runners:
            runner.stop()

    now = clock()
    unfinished = JobFolders(settings.jobs_dir).unfinished(NIGHTLY, now=now)
    must_run = unfinished is not None or last_start.is_missed(now)
    return ScheduledTask(
        name="training",
        trigger=DailyTrigger(daily),
        run=run,
        stop=stop,
        first_after=RESUME_AFTER if must_run else None,
        handled_until=last_start.begin(now),
    )
