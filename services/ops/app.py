"""Put the operations service together: the one file that knows which parts are real."""

import asyncio
import time
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector

from services.ops.admin.audit import Audit
from services.ops.admin.dead_letters import KafkaDesk
from services.ops.admin.models import Models
from services.ops.admin.training_jobs import NightRecords
from services.ops.auth.rate_limits import RateLimits
from services.ops.auth.sessions import Sessions
from services.ops.auth.tokens import Tokens, read_tokens
from services.ops.config import OpsSettings
from services.ops.context import Ops, Stores
from services.ops.http.idempotency import Remembered
from services.ops.http.middleware.origin import is_loopback
from services.ops.http.server import WebServer
from services.ops.http.streaming import Streams
from services.ops.http.web import web_app
from services.ops.kafka.cluster import KafkaCluster
from services.ops.kafka.kafka_adapter import LiveKafka
from services.ops.metrics import OpsMetrics
from services.ops.samples import Samples
from shared.domain.clock import system_clock
from shared.messaging.client.settings import MessagingSettings
from shared.observability.tracing import Tracing, traced
from shared.settings import WrongSettings


@dataclass(frozen=True)
class OpsApp:
    """The service, wired and not yet started."""

    kafka: LiveKafka
    health: WebServer
    streams: Streams
    tracing: Tracing

    async def start(self) -> None:
        """Begin to hear what Kafka has to say."""
        await self.kafka.start()

    async def stop(self) -> None:
        """Answer what is in work, and leave Kafka."""
        self.streams.closing.set()
        await self.health.stop()
        await self.kafka.stop()
        await asyncio.to_thread(self.tracing.close)


async def build(
    settings: OpsSettings,
    messaging: MessagingSettings,
    stores: Stores,
    *,
    models: Models | None = None,
    nights: NightRecords | None = None,
) -> OpsApp:
    """Wire the service to Kafka and to what it reads; raises `WrongSettings`."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    kafka = LiveKafka(messaging)
    tracing = traced("ops", messaging.otlp_endpoint)
    key = settings.ops_session_key
    streams = Streams()
    ops = Ops(
        settings=settings,
        kafka=kafka,
        cluster=KafkaCluster(messaging),
        desk=KafkaDesk(messaging),
        stores=stores,
        tokens=_tokens(settings),
        sessions=Sessions(
            key=key.get_secret_value() if key else None,
            hours=settings.ops_session_hours,
            clock=system_clock,
        ),
        limits=RateLimits(
            per_second=settings.ops_requests_per_second,
            burst=settings.ops_request_burst,
            now=time.monotonic,
        ),
        metrics=OpsMetrics(registry),
        registry=registry,
        audit=Audit(kafka.send, system_clock),
        requests=Remembered(),
        actions=Remembered(),
        streams=streams,
        samples=Samples(settings.ops_samples),
        models=models,
        nights=nights,
        clock=system_clock,
        tracing=tracing,
    )
    server = WebServer(
        web_app(ops),
        host=settings.ops_host,
        port=settings.ops_port,
        else_any_port="ops_port" not in settings.model_fields_set,
        stop_seconds=settings.ops_stop_seconds,
        proxies=settings.ops_proxies,
    )
    return OpsApp(kafka, server, streams, tracing)


def _tokens(settings: OpsSettings) -> Tokens | None:
    if settings.ops_tokens is not None:
        return read_tokens(settings.ops_tokens)
    if is_loopback(settings.ops_host):
        return None
    raise WrongSettings(
        f"PREFERSTREAM_OPS_HOST: {settings.ops_host} is reached from other machines, so callers"
        " must show tokens: name their file in PREFERSTREAM_OPS_TOKENS"
        " (`python -m services.ops.auth.tokens NAME ROLE` draws one), or listen on 127.0.0.1"
    )
