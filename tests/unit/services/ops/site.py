"""The real web app on fakes, and browsers and programs that ask it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from services.ops.admin.audit import Audit
from services.ops.admin.models import Models
from services.ops.admin.training_jobs import NightRecords
from services.ops.auth.rate_limits import RateLimits
from services.ops.auth.roles import Role
from services.ops.auth.sessions import Sessions
from services.ops.auth.tokens import KnownToken, Tokens, digest_of
from services.ops.config import OpsSettings
from services.ops.context import Ops, Stores
from services.ops.http.idempotency import Remembered
from services.ops.http.streaming import Streams
from services.ops.http.web import web_app
from services.ops.metrics import OpsMetrics
from services.ops.samples import Samples
from tests.fakes.cluster import FakeCluster
from tests.fakes.dead_letters import FakeDesk
from tests.fakes.images import DrawnImages
from tests.fakes.kafka_port import FakeKafkaSide
from tests.fakes.stores import InMemoryImages, InMemoryPeople, InMemoryProfiles

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HOME = "http://127.0.0.1:8420"
TOKENS = {"reader": Role.READ, "writer": Role.WRITE, "operator": Role.OPERATE}


@dataclass(frozen=True)
class Site:
    """The app, and the fakes behind it."""

    app: ASGIApp
    ops: Ops
    kafka: FakeKafkaSide
    cluster: FakeCluster
    desk: FakeDesk
    profiles: InMemoryProfiles

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A program or a browser; `token` is the name of one of `TOKENS`."""
        told = {"Authorization": f"Bearer secret-{token}"} if token else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=HOME, headers={**told, **headers}
        )


def site(
    *,
    with_tokens: bool = False,
    tokens: Tokens | None = None,
    seconds: list[float] | None = None,
    most_streams: int = 1000,
    remembered_keys: int = 1000,
    models: Models | None = None,
    nights: NightRecords | None = None,
    **settings: Any,
) -> Site:
    """A new one; `seconds[0]` is what its clock for limits says."""
    chosen = OpsSettings(**settings)
    kafka, profiles, registry = FakeKafkaSide(), InMemoryProfiles(), CollectorRegistry()
    clock, cluster = seconds or [0.0], FakeCluster()
    desk = FakeDesk()
    ops = Ops(
        settings=chosen,
        kafka=kafka,
        cluster=cluster,
        desk=desk,
        stores=Stores(profiles, InMemoryPeople(profiles), InMemoryImages(), DrawnImages()),
        tokens=known_tokens(TOKENS) if with_tokens else tokens,
        sessions=Sessions(key="a key", hours=chosen.ops_session_hours, clock=lambda: NOW),
        limits=RateLimits(
            per_second=chosen.ops_requests_per_second,
            burst=chosen.ops_request_burst,
            now=lambda: clock[0],
        ),
        metrics=OpsMetrics(registry),
        registry=registry,
        audit=Audit(kafka.send, lambda: NOW),
        requests=Remembered(most=remembered_keys),
        actions=Remembered(most=remembered_keys),
        streams=Streams(most=most_streams),
        samples=Samples(chosen.ops_samples),
        models=models,
        nights=nights,
        clock=lambda: NOW,
    )
    return Site(web_app(ops), ops, kafka, cluster, desk, profiles)


def known_tokens(roles: Mapping[str, Role], *, tenant: str | None = None) -> Tokens:
    return Tokens(
        [
            KnownToken(name=name, role=role, tenant=tenant, sha256=digest_of(f"secret-{name}"))
            for name, role in roles.items()
        ]
    )
