"""Assemble the retrain service: collecting, erasing, training jobs, health."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from apscheduler.triggers.interval import IntervalTrigger
from prometheus_client import CollectorRegistry

from services.retrain.config import RetrainSettings
from services.retrain.disk_space import DiskSpace
from services.retrain.erasure import UserEraser
from services.retrain.jobs.erasure import JobErasure
from services.retrain.jobs.factory import scheduled_tasks
from services.retrain.jobs.history import JobHistory
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.jobs.schedule import Schedule, ScheduledTask
from services.retrain.jobs.settings import TrainingSettings
from services.retrain.lake.collect import Collector
from services.retrain.lake.erased_users import ErasureTable
from services.retrain.lake.erasure import LakeErasure
from services.retrain.lake.schema import TABLES, TableSchema
from services.retrain.lake.table import LakeTable
from services.retrain.metrics import CollectMetrics
from services.retrain.registry.factory import models_dir
from shared.domain.clock import system_clock
from shared.events.topics import ERASE
from shared.files.lake_address import local_folder
from shared.files.storage_options import delta_options
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.read.bounded_reader import BatchSize
from shared.messaging.read.drain import drain
from shared.messaging.service import KafkaService

GROUP = "preferstream.retrain"
"""Consumer group that shows the progress of collecting; only the offsets in the lake count."""


@dataclass(frozen=True)
class RetrainApp:
    """The assembled service, not started yet."""

    kafka: KafkaService
    health: HealthServer
    schedule: Schedule

    async def start(self) -> None:
        """Connect to Kafka, and start the schedule."""
        await self.kafka.start()
        self.schedule.start()

    async def stop(self) -> None:
        """Finish the current commit, and disconnect from Kafka."""
        await self.schedule.stop()
        await self.kafka.stop()


def build_collector(
    settings: RetrainSettings,
    messaging: MessagingSettings,
    registry: CollectorRegistry,
    *,
    tables: Sequence[TableSchema] = TABLES,
) -> Collector:
    """A collector on the real Kafka and the real lake."""
    size = BatchSize(records=settings.collect_batch_records, bytes=settings.collect_batch_bytes)
    return Collector(
        lake_tables(settings, tables),
        partial(drain, messaging, group=GROUP, size=size),
        settings,
        CollectMetrics(registry),
        system_clock,
    )


def lake_tables(
    settings: RetrainSettings, tables: Sequence[TableSchema] = TABLES
) -> list[LakeTable]:
    """The tables of the lake; rows of erased users are left out when they are appended."""
    options = delta_options(settings.s3_endpoint)
    erasures = ErasureTable(settings.lake_uri, storage_options=options)
    return [
        LakeTable(settings.lake_uri, table, storage_options=options, erasures=erasures)
        for table in tables
    ]


def lake_erasure(settings: RetrainSettings, tables: Sequence[TableSchema] = TABLES) -> LakeErasure:
    """Erasure on the real lake."""
    erasures = ErasureTable(settings.lake_uri, storage_options=delta_options(settings.s3_endpoint))
    return LakeErasure(lake_tables(settings, tables), erasures)


async def build(
    settings: RetrainSettings, messaging: MessagingSettings, training: TrainingSettings
) -> RetrainApp:
    """Connect the service's parts to Kafka, the lake and the registry."""
    registry = CollectorRegistry()
    event_collector = build_collector(settings, messaging, registry)
    models = models_dir(training.registry, data_dir=training.jobs.data_dir)
    JobHistory(models, registry)
    folders = {"models": models, "training_jobs": training.jobs.jobs_dir}
    if lake := local_folder(settings.lake_uri):
        folders["lake"] = lake
    disk_space = DiskSpace(folders, registry)

    async def collect_problems() -> str | None:
        problems = event_collector.last.problems if event_collector.last else ()
        return "; ".join(map(str, problems)) or None

    kafka = KafkaService("retrain", messaging, registry, checks=[collect_problems])
    eraser = UserEraser(
        lake_erasure(settings),
        JobErasure(training.jobs.jobs_dir),
        kafka.publisher,
        clock=system_clock,
    )
    kafka.slow(ERASE, eraser.erase)
    schedule = Schedule(
        (
            ScheduledTask(
                name="collect",
                trigger=IntervalTrigger(minutes=settings.collect_minutes, timezone="UTC"),
                run=event_collector.run,
                stop=event_collector.stop,
                first_after=timedelta(seconds=settings.collect_first_seconds),
            ),
            *scheduled_tasks(event_collector, settings, training, messaging, JobMetrics(registry)),
        ),
        clock=system_clock,
    )
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.retrain_health_port,
        warnings=[disk_space.warning],
    )  # fmt: skip
    return RetrainApp(kafka, health, schedule)
