"""What a night works with, what is asked of one, and how nights are named."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from services.retrain.jobs.finalization import EndOfNight
from services.retrain.jobs.metrics import NightMetrics
from services.retrain.jobs.training_process import Train
from services.retrain.lake.collect import Collected
from services.retrain.registry.folders import ModelFolders
from services.retrain.registry.promotion import Promoter
from shared.domain.clock import Clock

SCHEDULED = "night-"
BY_HAND = "now-"
"""How the names of nights begin: a killed one is gone on with by its own kind alone, since what a
person began with a small budget must not take the place of the night."""


@dataclass(frozen=True)
class Lake:
    """Where the clicks lie, and how images are reached."""

    uri: str
    s3_endpoint: str | None = None
    allowed_file_roots: tuple[Path, ...] = ()


@dataclass(frozen=True)
class NightParts:
    """What a night works with."""

    collect: Callable[[], Collected]
    train: Train
    end: EndOfNight
    folders: ModelFolders
    promoter: Promoter
    models_dir: Path
    """The lock lies here: every instance sees it."""
    lake: Lake
    metrics: NightMetrics
    clock: Clock


@dataclass(frozen=True)
class NightPlan:
    """What is asked of one night beyond the settings."""

    name: str | None = None
    """None: a night of its own, named by the moment."""
    minutes: float | None = None
    dry_run: bool = False


NOW = NightPlan()
"""Asked for by a person."""


def scheduled(now: datetime, *, begins: str) -> NightPlan:
    """The night of the day on which it was due, in `now`'s zone; one day has one night.

    A run that is made up for after midnight still belongs to the day before.
    """
    hour, minute = map(int, begins.split(":"))
    due = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    # A scheduler may wake a moment early.
    day = due if now >= due - timedelta(minutes=1) else due - timedelta(days=1)
    return NightPlan(name=f"{SCHEDULED}{day.date().isoformat()}")


def named(now: datetime) -> str:
    return f"{BY_HAND}{now.strftime('%Y-%m-%d-%H%M%S')}"
