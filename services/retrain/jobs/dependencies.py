"""Define what a job runner depends on, what one job is requested to do, and how jobs are named."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from services.retrain.jobs.finalization import JobFinalization
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.jobs.training_process import Training
from services.retrain.lake.collect import CollectResult
from services.retrain.nightly.daily_trigger import DailyTime
from services.retrain.registry.folders import ModelFolders
from services.retrain.registry.promotion import Promoter
from shared.domain.clock import Clock
from shared.jobs.training_methods import Method
from shared.vlm.settings import ModelSettings

NIGHTLY = "nightly-"
MANUAL = "manual-"
"""Prefixes of job names. A killed job is resumed only by a job of its own kind: a manual job with a
small budget must not replace the nightly one."""


@dataclass(frozen=True)
class Lake:
    """Where the feedback is stored, and how images are read."""

    uri: str
    s3_endpoint: str | None = None
    allowed_file_roots: tuple[Path, ...] = ()


@dataclass(frozen=True)
class JobDependencies:
    """Everything that a job runner works with; tests pass fakes."""

    collect: Callable[[], CollectResult]
    train: Training
    finalize: JobFinalization
    folders: ModelFolders
    promoter: Promoter
    models_dir: Path
    """Folder of the lock: every instance mounts it."""
    lake: Lake
    metrics: JobMetrics
    clock: Clock
    model: ModelSettings = field(default_factory=ModelSettings)
    """The settings with which the release serves."""


@dataclass(frozen=True)
class JobPlan:
    """What is requested of one job, in addition to the settings."""

    name: str | None = None
    """None: a manual job, named after the time of its start."""
    minutes: float | None = None
    dry_run: bool = False
    methods: tuple[Method, ...] | None = None
    """Training methods in their order; None: those of the settings."""


MANUAL_JOB = JobPlan()
"""A manual job with the budget of the settings."""


def nightly_plan(now: datetime, *, starts: str) -> JobPlan:
    """The nightly job of the day on which it was due, in `now`'s zone; one job for each day.

    A run that was due before midnight and starts after it belongs to the day before.
    """
    assert now.tzinfo is not None
    day = DailyTime.parse(starts, now.tzinfo).day_of(now)
    return JobPlan(name=f"{NIGHTLY}{day.isoformat()}")


def manual_name(now: datetime) -> str:
    """The name of a manual job that starts now."""
    return f"{MANUAL}{now.strftime('%Y-%m-%d-%H%M%S')}"
