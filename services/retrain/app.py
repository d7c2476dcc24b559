"""Put the retrain service together: the one file that knows which parts are real."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from apscheduler.triggers.interval import IntervalTrigger
from prometheus_client import CollectorRegistry

from services.retrain.config import RetrainSettings
from services.retrain.erasure import UserEraser
from services.retrain.jobs.app import NightWiring, night_jobs
from services.retrain.jobs.erasure import NightErasing
from services.retrain.jobs.history import NightLog
from services.retrain.jobs.metrics import NightMetrics
from services.retrain.jobs.schedule import Job, Schedule
from services.retrain.lake.collect import Collector
from services.retrain.lake.erased_users import LakeErasures
from services.retrain.lake.erasure import LakeErasing
from services.retrain.lake.schema import TABLES, Table
from services.retrain.lake.table import LakeTable
from services.retrain.metrics import CollectMetrics
from services.retrain.registry.factory import models_dir
from shared.domain.clock import system_clock
from shared.events.topics import ERASE
from shared.files.storage_options import delta_options
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.read.drain import Bounds, drain
from shared.messaging.service import KafkaService

GROUP = "preferstream.retrain"
"""Consumer group that shows how far collecting is; the lake's own offsets decide."""


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


def collector(
    settings: RetrainSettings,
    messaging: MessagingSettings,
    registry: CollectorRegistry,
    *,
    tables: Sequence[Table] = TABLES,
) -> Collector:
    """Collecting on the real Kafka and the real lake."""
    bounds = Bounds(records=settings.collect_batch_records, bytes=settings.collect_batch_bytes)
    return Collector(
        lake_tables(settings, tables),
        partial(drain, messaging, group=GROUP, bounds=bounds),
        settings,
        CollectMetrics(registry),
        system_clock,
    )


def lake_tables(settings: RetrainSettings, tables: Sequence[Table] = TABLES) -> list[LakeTable]:
    """The tables of the lake; what is appended to them leaves erased people out."""
    options = delta_options(settings.s3_endpoint)
    erasures = LakeErasures(settings.lake, storage_options=options)
    return [
        LakeTable(settings.lake, table, storage_options=options, erasures=erasures)
        for table in tables
    ]


def lake_erasing(settings: RetrainSettings, tables: Sequence[Table] = TABLES) -> LakeErasing:
    """UserEraser on the real lake."""
    erasures = LakeErasures(settings.lake, storage_options=delta_options(settings.s3_endpoint))
    return LakeErasing(lake_tables(settings, tables), erasures)


async def build(
    settings: RetrainSettings, messaging: MessagingSettings, wiring: NightWiring
) -> RetrainApp:
    """Wire the service to Kafka, the lake, and the registry."""
    registry = CollectorRegistry()
    collecting = collector(settings, messaging, registry)
    metrics = NightMetrics(registry)
    NightLog(models_dir(wiring.registry, data_dir=wiring.nights.data_dir), registry)

    async def collected() -> str | None:
        problems = collecting.last.problems if collecting.last else ()
        return "; ".join(map(str, problems)) or None

    kafka = KafkaService("retrain", messaging, registry, checks=[collected])
    erasing = UserEraser(
        lake_erasing(settings),
        NightErasing(wiring.nights.nights),
        kafka.publisher,
        clock=system_clock,
    )
    kafka.slow(ERASE, erasing.take)
    schedule = Schedule(
        (
            Job(
                name="collect",
                trigger=IntervalTrigger(minutes=settings.collect_minutes, timezone="UTC"),
                run=collecting.run,
                stop=collecting.stop,
                first_after=timedelta(seconds=settings.collect_first_seconds),
            ),
            *night_jobs(collecting, settings, wiring, messaging, metrics),
        ),
        clock=system_clock,
    )
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.retrain_health_port
    )
    return RetrainApp(kafka, health, schedule)
