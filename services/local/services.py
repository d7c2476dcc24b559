"""Start every service in this process, on one model and one store, and watch over them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from services.assessor.app import build as build_assessor
from services.assessor.config import AssessorSettings
from services.local.config import LocalSettings
from services.local.registry import open_models
from services.monitor.app import build as build_watch
from services.monitor.config import WatchSettings
from services.ops.app import build as build_ops
from services.ops.config import OpsSettings
from services.ops.context import Stores
from services.profile.app import build as build_profile
from services.profile.config import ProfileSettings
from services.retrain.app import build as build_retrain
from services.retrain.config import RetrainSettings
from services.retrain.jobs.admin import NightDesk
from services.retrain.jobs.app import NightWiring
from shared.domain.clock import system_clock
from shared.events.topics import DEAD_LETTERS, TOPICS
from shared.images.settings import ImageSettings
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letters import TooManyDeadLetters
from shared.runtime.dependencies import SharedParts, open_parts
from shared.runtime.run import App
from shared.settings import WrongSettings, from_environment
from shared.store.settings import StoreSettings
from shared.vlm.settings import ModelSettings

log = logging.getLogger(__name__)
INSTANCE = "local"
"""The one instance of each service here; after a crash it takes its partitions back at once."""


class ServiceEnded(Exception):
    """A service cannot go on; the text names it and says why."""


@dataclass(frozen=True)
class RunningServices:
    """The services of this process, started."""

    apps: Mapping[str, App]
    allowed_file_roots: tuple[str, ...]

    @property
    def addresses(self) -> dict[str, str]:
        """Health address of each service."""
        return {name: app.health.address for name, app in self.apps.items()}

    async def not_ready_because(self) -> str | None:
        for name, app in self.apps.items():
            reason = await app.kafka.not_ready_because()
            if reason:
                return f"{name}: {reason}"
        return None

    def raise_if_ended(self) -> None:
        """Raise `ServiceEnded` when a service cannot go on."""
        for name, app in self.apps.items():
            failure = app.kafka.failure()
            if isinstance(failure, TooManyDeadLetters):
                raise ServiceEnded(f"the {name} service has stopped itself: {failure}")
            if failure is not None:
                raise ServiceEnded(
                    f"the {name} service ended: {type(failure).__name__}: {failure}"
                ) from failure


@asynccontextmanager
async def start_services(
    settings: LocalSettings, *, kafka: str, on_progress: Callable[[str], None]
) -> AsyncIterator[RunningServices]:
    """Open the shared parts, start the services, and stop them in the end.

    Raises `Unavailable` and `BadCheckpoint`.
    """
    messaging = from_environment(MessagingSettings, kafka=kafka, instance_id=INSTANCE)
    if settings.kafka is None and messaging.kafka_security != "plaintext":
        raise WrongSettings(
            f"PREFERSTREAM_KAFKA_SECURITY is {messaging.kafka_security}, and the Kafka that is"
            " started here speaks plaintext on loopback; name the cluster in PREFERSTREAM_KAFKA,"
            " or unset it"
        )
    images = from_environment(ImageSettings)
    store = from_environment(StoreSettings)
    if not store.qdrant_url and "qdrant_path" not in store.model_fields_set:
        store = store.model_copy(update={"qdrant_path": settings.data_dir / "qdrant"})
    retrain = from_environment(RetrainSettings)
    if "lake" not in retrain.model_fields_set:
        retrain = retrain.model_copy(update={"lake": str(settings.data_dir / "lake")})
    on_progress("making sure of the topics")
    for difference in await asyncio.to_thread(provision, messaging, (*TOPICS, *DEAD_LETTERS)):
        on_progress(f"a topic is not as it should be, and is left so: {difference}")
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(
            open_parts(
                model=from_environment(ModelSettings),
                store=store,
                images=images,
                on_progress=on_progress,
            )
        )
        apps = await _build(messaging, parts)
        wiring = NightWiring.read(data_dir=settings.data_dir)
        apps["retrain"] = await build_retrain(retrain, messaging, wiring)
        apps["watch"] = await build_watch(from_environment(WatchSettings), messaging)
        on_progress("starting the services")
        await _start(apps, stack)
        # Last, so that whoever opens the dashboard finds the others there.
        stores = Stores(parts.profiles, parts.people, parts.known_images, parts.images)
        models = open_models(messaging, wiring)
        nights = NightDesk(wiring.nights, clock=system_clock)
        ops_app = await build_ops(
            from_environment(OpsSettings), messaging, stores, models=models, nights=nights
        )
        ops = {"ops": ops_app}
        await _start(ops, stack)
        roots = tuple(str(root.resolve()) for root in images.allowed_file_roots)
        yield RunningServices({**apps, **ops}, roots)


async def _start(apps: Mapping[str, App], stack: AsyncExitStack) -> None:
    for app in apps.values():
        await app.health.start()
        stack.push_async_callback(app.health.stop)
        stack.push_async_callback(app.stop)
    await asyncio.gather(*(app.start() for app in apps.values()))


async def _build(messaging: MessagingSettings, parts: SharedParts) -> dict[str, App]:
    return {
        "profile": await build_profile(from_environment(ProfileSettings), messaging, parts),
        "assessor": await build_assessor(from_environment(AssessorSettings), messaging, parts),
    }
