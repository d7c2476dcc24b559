"""Start every service in this process, with one shared model and one shared store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from services.assessor.app import build as build_assessor
from services.assessor.config import AssessorSettings
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
from shared.domain.clock import system_clock
from shared.events.topics import DEAD_LETTERS, TOPICS
from shared.images.settings import ImageSettings
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letters import TooManyDeadLetters
from shared.runtime.dependencies import SharedDependencies, open_dependencies
from shared.runtime.run import App
from shared.settings import InvalidSettings, from_environment
from shared.store.settings import StoreSettings
from shared.vlm.settings import ModelSettings

INSTANCE = "local"
"""Instance id of each service: after a crash it gets its partitions back without a rebalance."""


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
            reason = await app.kafka.not_ready_because()
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
    settings: LocalSettings, *, kafka: str, on_progress: Callable[[str], None]
) -> AsyncIterator[RunningServices]:
    """Open the shared dependencies, start the services, and stop them at the end.

    Raises `Unavailable`, `BadCheckpoint` and `InvalidSettings`.
    """
    messaging = _messaging_settings(settings, kafka)
    images = from_environment(ImageSettings)
    async with AsyncExitStack() as stack:
        _, parts = await asyncio.gather(
            _provision(messaging, on_progress),
            stack.enter_async_context(
                open_dependencies(
                    model=from_environment(ModelSettings),
                    store=_store_settings(settings),
                    images=images,
                    on_progress=on_progress,
                )
            ),
        )
        on_progress("starting the services")
        apps = await _build(settings, messaging, parts)
        await _start(apps, stack)
        roots = tuple(str(root.resolve()) for root in images.allowed_file_roots)
        yield RunningServices(apps, roots)


async def _start(apps: Mapping[str, App], stack: AsyncExitStack) -> None:
    for app in apps.values():
        await app.health.start()
        stack.push_async_callback(app.health.stop)
        stack.push_async_callback(app.stop)
    await asyncio.gather(*(app.start() for app in apps.values()))


async def _build(
    settings: LocalSettings, messaging: MessagingSettings, parts: SharedDependencies
) -> dict[str, App]:
    """Build all services at once: some read a topic to its end before they are built."""
    training = TrainingSettings.read(data_dir=settings.data_dir)
    stores = Stores(parts.profiles, parts.users, parts.known_images, parts.images)
    building: dict[str, Coroutine[Any, Any, App]] = {
        "profile": build_profile(from_environment(ProfileSettings), messaging, parts),
        "assessor": build_assessor(from_environment(AssessorSettings), messaging, parts),
        "retrain": build_retrain(_retrain_settings(settings), messaging, training),
        "monitor": build_monitor(from_environment(MonitorSettings), messaging),
        "ops": build_ops(
            from_environment(OpsSettings),
            messaging,
            stores,
            models=open_models(messaging, training),
            training_jobs=JobAdmin(training.jobs, clock=system_clock),
        ),
    }
    return dict(zip(building, await asyncio.gather(*building.values()), strict=True))


async def _provision(messaging: MessagingSettings, on_progress: Callable[[str], None]) -> None:
    on_progress("creating missing topics")
    for difference in await asyncio.to_thread(provision, messaging, (*TOPICS, *DEAD_LETTERS)):
        on_progress(f"a topic differs from its definition and is not changed: {difference}")


def _messaging_settings(settings: LocalSettings, kafka: str) -> MessagingSettings:
    messaging = from_environment(
        MessagingSettings, kafka_bootstrap_servers=kafka, instance_id=INSTANCE
    )
    if settings.kafka_bootstrap_servers is None and messaging.kafka_security != "plaintext":
        raise InvalidSettings(
            f"PREFERSTREAM_KAFKA_SECURITY is {messaging.kafka_security}, but the Kafka that is"
            " started here uses plaintext on loopback; name the address of your cluster in"
            " PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS, or unset PREFERSTREAM_KAFKA_SECURITY"
        )
    return messaging


def _store_settings(settings: LocalSettings) -> StoreSettings:
    """The store of the settings, or an embedded one in the data folder."""
    store = from_environment(StoreSettings)
    if store.qdrant_url or "qdrant_path" in store.model_fields_set:
        return store
    return store.model_copy(update={"qdrant_path": settings.data_dir / "qdrant"})


def _retrain_settings(settings: LocalSettings) -> RetrainSettings:
    """The lake of the settings, or one in the data folder."""
    retrain = from_environment(RetrainSettings)
    if "lake_uri" in retrain.model_fields_set:
        return retrain
    return retrain.model_copy(update={"lake_uri": str(settings.data_dir / "lake")})
