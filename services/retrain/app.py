"""Put the retrain service together: the one file that knows which parts are real."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from prometheus_client import CollectorRegistry

from services.retrain.canary import CanaryWatch
from services.retrain.collect import Collector
from services.retrain.columns import TABLES, Table
from services.retrain.config import RetrainSettings
from services.retrain.gate import run_gate
from services.retrain.lake import LakeTable
from services.retrain.metrics import CollectMetrics
from services.retrain.night import Lake, Night, NightParts, scheduled
from services.retrain.night_end import EndOfNight
from services.retrain.night_metrics import NightMetrics
from services.retrain.night_settings import NightSettings
from services.retrain.night_training import TrainApart
from services.retrain.opening import models_dir, open_folders, open_promoter
from services.retrain.promotion import Promoter
from services.retrain.promotion_watch import watch_canary
from services.retrain.registry_settings import RegistrySettings
from services.retrain.schedule import Job, Schedule
from shared.clock import system_clock
from shared.messaging.drain import Bounds, drain
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService
from shared.messaging.settings import MessagingSettings
from shared.vlm.settings import ModelSettings

GROUP = "preferstream.retrain"
"""Consumer group that shows how far collecting is; the lake's own offsets decide."""
NEVER = "never"
RESUMED_AFTER = timedelta(minutes=2)
"""From the service's start to the night that was killed with it: the feeds come first."""


@dataclass(frozen=True)
class RetrainApp:
    """The service, wired and not yet started."""

    kafka: KafkaService
    health: HealthServer
    schedule: Schedule

    async def start(self) -> None:
        """Connect to Kafka, and begin to wait for the jobs' times."""
        await self.kafka.start()
        self.schedule.start()

    async def stop(self) -> None:
        """Finish the commit in work, and leave Kafka."""
        await self.schedule.stop()
        await self.kafka.stop()


@dataclass(frozen=True)
class NightWiring:
    """The settings that nights and promotions need beside those of collecting."""

    nights: NightSettings
    registry: RegistrySettings
    model: ModelSettings
    allowed_file_roots: tuple[Path, ...] = ()


def collector(
    settings: RetrainSettings,
    messaging: MessagingSettings,
    registry: CollectorRegistry,
    *,
    tables: Sequence[Table] = TABLES,
) -> Collector:
    """Collecting on the real Kafka and the real lake."""
    options = storage_options(settings)
    bounds = Bounds(records=settings.collect_batch_records, bytes=settings.collect_batch_bytes)
    return Collector(
        [LakeTable(settings.lake, table, storage_options=options) for table in tables],
        partial(drain, messaging, group=GROUP, bounds=bounds),
        settings,
        CollectMetrics(registry),
        system_clock,
    )


def storage_options(settings: RetrainSettings) -> dict[str, str]:
    """How the lake's store is reached, where its address does not say."""
    if settings.s3_endpoint is None:
        return {}
    plain = settings.s3_endpoint.startswith("http:")
    return {"AWS_ENDPOINT_URL": settings.s3_endpoint, "AWS_ALLOW_HTTP": str(plain).lower()}


def night(
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


async def build(
    settings: RetrainSettings, messaging: MessagingSettings, wiring: NightWiring
) -> RetrainApp:
    """Wire the service to Kafka, the lake and the registry; raises `BadCheckpoint`."""
    registry = CollectorRegistry()
    collecting = collector(settings, messaging, registry)
    metrics = NightMetrics(registry)
    nights, promoter = night(collecting, settings, wiring, messaging, metrics)
    watch = CanaryWatch(partial(watch_canary, promoter, messaging, apply=True), metrics)

    async def collected() -> str | None:
        problems = collecting.last.problems if collecting.last else ()
        return "; ".join(map(str, problems)) or None

    kafka = KafkaService("retrain", messaging, registry, checks=[collected])
    jobs = [
        Job(
            name="collect",
            trigger=IntervalTrigger(minutes=settings.collect_minutes, timezone="UTC"),
            run=collecting.run,
            stop=collecting.stop,
            first_after=timedelta(seconds=settings.collect_first_seconds),
        ),
        Job(
            name="canary",
            trigger=IntervalTrigger(minutes=wiring.nights.canary_watch_minutes, timezone="UTC"),
            run=watch.run,
        ),
    ]
    if wiring.nights.night_at != NEVER:
        jobs.append(_nightly(nights, wiring.nights))
    schedule = Schedule(tuple(jobs), clock=system_clock)
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.retrain_health_port
    )
    return RetrainApp(kafka, health, schedule)


def _nightly(nights: Night, settings: NightSettings) -> Job:
    zone, begins = ZoneInfo(settings.night_zone), settings.night_at
    hour, minute = begins.split(":")
    return Job(
        name="night",
        trigger=CronTrigger(hour=int(hour), minute=int(minute), timezone=zone),
        run=lambda: nights.run(scheduled(system_clock().astimezone(zone), begins=begins)),
        stop=nights.stop,
        first_after=RESUMED_AFTER if nights.is_unfinished() else None,
    )
