"""Put nights together: the lake, the registry, the training, and when each of them runs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from services.retrain.canary.automatic_rollback import CanaryWatch
from services.retrain.canary.canary_monitor import Watched, watch_canary
from services.retrain.config import RetrainSettings
from services.retrain.jobs.dependencies import SCHEDULED, Lake, NightParts, scheduled
from services.retrain.jobs.finalization import EndOfNight
from services.retrain.jobs.folders import NightFolders
from services.retrain.jobs.gate_process import run_gate
from services.retrain.jobs.metrics import NightMetrics
from services.retrain.jobs.runner import Night
from services.retrain.jobs.schedule import Job
from services.retrain.jobs.settings import NightSettings
from services.retrain.jobs.training_process import TrainApart
from services.retrain.lake.collect import Collector
from services.retrain.registry.factory import models_dir, open_folders, open_promoter
from services.retrain.registry.promotion import Promoter
from services.retrain.registry.settings import RegistrySettings
from shared.domain.clock import system_clock
from shared.images.settings import ImageSettings
from shared.messaging.client.settings import MessagingSettings
from shared.settings import from_environment
from shared.vlm.settings import ModelSettings

NEVER: Final = "never"
RESUMED_AFTER: Final = timedelta(minutes=2)
"""From the service's start to the night that was killed with it: the feeds come first."""


@dataclass(frozen=True)
class NightWiring:
    """The settings that nights and promotions need beside those of collecting."""

    nights: NightSettings
    registry: RegistrySettings
    model: ModelSettings
    allowed_file_roots: tuple[Path, ...] = ()

    @staticmethod
    def read(*, data_dir: Path | None = None, roots: tuple[Path, ...] = ()) -> "NightWiring":
        """From the environment; what is given counts more, `roots` beside those of the settings."""
        fixed = {} if data_dir is None else {"data_dir": data_dir}
        return NightWiring(
            nights=from_environment(NightSettings, **fixed),
            registry=from_environment(RegistrySettings),
            model=from_environment(ModelSettings),
            allowed_file_roots=(*from_environment(ImageSettings).allowed_file_roots, *roots),
        )


def build_night(
    collecting: Collector,
    settings: RetrainSettings,
    wiring: NightWiring,
    messaging: MessagingSettings,
    metrics: NightMetrics,
) -> tuple[Night, Promoter]:
    """A night on the real Kafka, lake, registry and training; raises `BadCheckpoint`."""
    data_dir = wiring.nights.data_dir
    models = models_dir(wiring.registry, data_dir=data_dir)
    folders = open_folders(wiring.registry, wiring.model, data_dir=data_dir)
    promoter = open_promoter(
        folders, wiring.registry, messaging, data_dir=data_dir, clock=system_clock
    )
    parts = NightParts(
        collect=collecting.run,
        train=TrainApart(),
        end=EndOfNight(run_gate, folders, promoter, work=wiring.nights.nights, log_in=models),
        folders=folders,
        promoter=promoter,
        models_dir=models,
        lake=Lake(settings.lake, settings.s3_endpoint, wiring.allowed_file_roots),
        metrics=metrics,
        clock=system_clock,
    )
    return Night(parts, wiring.nights), promoter


def night_jobs(
    collecting: Collector,
    settings: RetrainSettings,
    wiring: NightWiring,
    messaging: MessagingSettings,
    metrics: NightMetrics,
) -> tuple[Job, ...]:
    """The watch over a model that is tried out, and the night if there is to be one.

    The release's files are read when the first of them runs: a large model takes a minute, and one
    that this process cannot see must not keep it from collecting.
    """
    opened = cache(partial(build_night, collecting, settings, wiring, messaging, metrics))

    def watch() -> Watched:
        _, promoter = opened()
        return watch_canary(promoter, messaging, apply=True)

    canary = Job(
        name="canary",
        trigger=IntervalTrigger(minutes=wiring.nights.canary_watch_minutes, timezone="UTC"),
        run=CanaryWatch(watch, metrics).run,
    )
    if wiring.nights.night_at == NEVER:
        return (canary,)
    return (canary, _nightly(lambda: opened()[0], wiring.nights))


def _nightly(opened: Callable[[], Night], settings: NightSettings) -> Job:
    zone, begins = ZoneInfo(settings.night_zone), settings.night_at
    hour, minute = begins.split(":")
    running: list[Night] = []

    def run() -> None:
        running[:] = [opened()]
        running[0].run(scheduled(system_clock().astimezone(zone), begins=begins))

    def stop() -> None:
        for night in running:
            night.stop()

    waits = NightFolders(settings.nights).unfinished(SCHEDULED, now=system_clock())
    return Job(
        name="night",
        trigger=CronTrigger(hour=int(hour), minute=int(minute), timezone=zone),
        run=run,
        stop=stop,
        first_after=RESUMED_AFTER if waits else None,
    )
