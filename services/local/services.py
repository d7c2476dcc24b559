"""Start every service in this process, with one shared model and one shared store."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from services.assessor.app import build as build_assessor
from services.assessor.config import AssessorSettings
from services.catalog.app import build as build_catalog
from services.catalog.config import CatalogSettings
from services.local.config import LocalSettings
from services.local.errors import ServiceStopped
from services.local.registry import open_models
from services.monitor.app import build as build_monitor
from services.monitor.config import MonitorSettings
from services.ops.app import build_app as build_ops
from services.ops.config import OpsSettings
from services.ops.context import Stores
from services.profile.app import build as build_profile
from services.profile.config import ProfileSettings
from services.retrain.app import build as build_retrain
from services.retrain.config import RetrainSettings
from services.retrain.jobs.admin import JobAdmin
from services.retrain.jobs.settings import TrainingSettings
from services.retrain.lake.schema import TABLES
from shared.domain.clock import system_clock
from shared.embedding.audience.settings import AudienceSettings
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.settings import SubjectSettings
from shared.files.lake_address import delta_address
from shared.images.settings import ImageSettings
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letter_guard import TooManyDeadLetters
from shared.runtime.audience import audience_matcher
from shared.runtime.dependencies import SharedDependencies, open_dependencies
from shared.runtime.run import App
from shared.settings import InvalidSettings, from_environment
from shared.store.settings import StoreSettings
from shared.vlm.settings import ModelSettings

log = logging.getLogger(__name__)
STOP_SECONDS = 90.0
"""Events in progress get 20 s (`drain_seconds`); a collection ends after its current commit."""
STOP_SECONDS_WITHOUT_KAFKA = 5.0
"""The clients of a Kafka that has ended would wait for ever for an answer to their last commits;
these events are read again after the next start."""


@dataclass(frozen=True)
class RunningServices:
    """The started services of this process."""

    apps: Mapping[str, App]
    allowed_file_roots: tuple[str, ...]

    @property
    def addresses(self) -> dict[str, str]:
        """Health address of each service."""
        return {name: app.health.address for name, app in self.apps.items()}

    async def not_ready_because(self) -> str | None:
        """Which service is not ready and why, or None."""
        for name, app in self.apps.items():
            # Not `not_ready_because`: one damaged partition must not prevent the start.
            reason = await app.kafka.not_started_because()
            if reason:
                return f"{name}: {reason}"
        return None

    def raise_if_stopped(self) -> None:
        """Raise `ServiceStopped` when a service cannot continue."""
        for name, app in self.apps.items():
            failure = app.kafka.failure()
            if isinstance(failure, TooManyDeadLetters):
                raise ServiceStopped(f"the {name} service has stopped itself: {failure}")
            if failure is not None:
                raise ServiceStopped(
                    f"the {name} service has failed: {type(failure).__name__}: {failure}"
                ) from failure


@asynccontextmanager
async def start_services(
    settings: LocalSettings,
    messaging: MessagingSettings,
    *,
    on_progress: Callable[[str], None],
    kafka_has_ended: Callable[[], bool] = lambda: False,
) -> AsyncIterator[RunningServices]:
    """Open the shared dependencies, start the services, and stop them at the end.

    `kafka_has_ended` is used at the end: without Kafka, a stop cannot commit and is short.
    The topics must exist. Raises `Unavailable`, `BadCheckpoint`, `BadEncoder` and
    `InvalidSettings`.
    """
    images = from_environment(ImageSettings)
    async with AsyncExitStack() as stack:
        dependencies = await stack.enter_async_context(
            open_dependencies(
                model=from_environment(ModelSettings),
                store=_store_settings(settings),
                images=images,
                subject=from_environment(SubjectSettings),
                image_encoder=from_environment(ImageEncoderSettings),
                on_progress=on_progress,
            )
        )
        on_progress("starting the services")
        apps = await _build(settings, messaging, dependencies)
        await _start(apps, stack, kafka_has_ended)
        roots = tuple(str(root.resolve()) for root in images.allowed_file_roots)
        yield RunningServices(apps, roots)


async def _start(
    apps: Mapping[str, App], stack: AsyncExitStack, kafka_has_ended: Callable[[], bool]
) -> None:
    for app in apps.values():
        await app.health.start()
        stack.push_async_callback(app.health.stop)
    stack.push_async_callback(_stop, apps, kafka_has_ended)
    await asyncio.gather(*(app.start() for app in apps.values()))


async def _stop(apps: Mapping[str, App], kafka_has_ended: Callable[[], bool]) -> None:
    """Stop all services at once; an error must not hide the reason why the system stops."""
    stopping = {name: asyncio.create_task(app.stop()) for name, app in apps.items()}
    seconds = STOP_SECONDS_WITHOUT_KAFKA if kafka_has_ended() else STOP_SECONDS
    await asyncio.wait(stopping.values(), timeout=seconds)
    for name, task in stopping.items():
        if not task.done():
            task.cancel()
            log.info("the %s service did not stop within %g s", name, seconds)
        elif not task.cancelled() and task.exception():
            log.info("the %s service has not stopped cleanly", name, exc_info=task.exception())


async def _build(
    settings: LocalSettings, messaging: MessagingSettings, dependencies: SharedDependencies
) -> dict[str, App]:
    """Build all services at once: some read a topic to its end before they are built."""
    training = TrainingSettings.read(data_dir=settings.data_dir)
    catalog, audience = from_environment(CatalogSettings), from_environment(AudienceSettings)
    stores = Stores(
        dependencies.profiles,
        dependencies.users,
        dependencies.image_store,
        dependencies.image_loader,
        dependencies.encoded_images,
        dependencies.catalogs,
        dependencies.embedder,
        audience_matcher(audience, dependencies),
        dependencies.cursors,
        dependencies.removal_check,
    )
    # All settings are read before any service is built, so a wrong one leaves nothing half built.
    profile, assessor = from_environment(ProfileSettings), from_environment(AssessorSettings)
    monitor, ops = from_environment(MonitorSettings), from_environment(OpsSettings)
    retrain = _retrain_settings(settings)
    models = open_models(messaging, training)
    jobs = JobAdmin(training.jobs, clock=system_clock)
    building: dict[str, Coroutine[Any, Any, App]] = {
        "profile": build_profile(profile, messaging, dependencies),
        "assessor": build_assessor(assessor, messaging, dependencies),
        "catalog": build_catalog(catalog, messaging, dependencies, audience=audience),
        "retrain": build_retrain(retrain, messaging, training),
        "monitor": build_monitor(monitor, messaging),
        "ops": build_ops(ops, messaging, stores, models=models, training_jobs=jobs),
    }
    return dict(zip(building, await asyncio.gather(*building.values()), strict=True))


def _store_settings(settings: LocalSettings) -> StoreSettings:
    """The store of the settings, or an embedded one in the data folder."""
    store = from_environment(StoreSettings)
    if store.qdrant_url or "qdrant_path" in store.model_fields_set:
        return store
    return store.model_copy(update={"qdrant_path": settings.data_dir / "qdrant"})


def _retrain_settings(settings: LocalSettings) -> RetrainSettings:
    """The lake of the settings, or one in the data folder; raises `InvalidSettings`."""
    retrain = from_environment(RetrainSettings)
    if "lake_uri" not in retrain.model_fields_set:
        retrain = retrain.model_copy(update={"lake_uri": str(settings.data_dir / "lake")})
    try:
        delta_address(retrain.lake_uri, TABLES[0].name)
    except ValueError as error:
        raise InvalidSettings(f"the lake cannot be opened: {error}") from error
    return retrain
