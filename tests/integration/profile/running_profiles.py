"""Run the profile service on a real Kafka with real image sources, and wait for its effects."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from aiohttp import web
from aiohttp.test_utils import TestServer
from confluent_kafka import Producer
from PIL import Image

from services.profile.app import ProfileApp, build
from services.profile.config import ProfileSettings
from shared.dead_letters.dead_letter import DeadLetter, DeadLetterFilter
from shared.dead_letters.operations import find_dead_letters
from shared.events import Feedback
from shared.events.topics import ALL_TOPICS, FEEDBACK_RETRY
from shared.events.types.base import Event
from shared.events.wire.codec import encode
from shared.events.wire.record import Record
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import tail
from shared.runtime.dependencies import SharedDependencies
from shared.store.user_list import UserStore
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.model import COLORS, ColorModel, serving
from tests.fakes.stores import (
    InMemoryErasures,
    InMemoryImages,
    InMemoryImpressions,
    InMemoryProfiles,
)
from tests.integration.messaging.running_service import until
from tests.unit.shared.images.bad_images import encoded

PARTITIONS = 3


class Profiles:
    """A Kafka cluster, stores that survive a restart of the service, and image files."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.settings = MessagingSettings(
            kafka_bootstrap_servers=kafka, topic_partitions=PARTITIONS, commit_seconds=0.1,
            retry_base_seconds=0.02, retry_max_seconds=0.1, session_timeout_seconds=15.0,
            drain_seconds=2.0, liveness_timeout_seconds=20.0,
        )  # fmt: skip
        self.store = InMemoryProfiles()
        self.erasures = InMemoryErasures()
        self.model = ColorModel()
        self.prefix = f"{uuid4().hex[:8]}-"
        """Of the users of this test: tests share the topics."""
        self._folder = folder
        self._producer = Producer({"bootstrap.servers": kafka, "acks": "all", "linger.ms": 5})
        for color in COLORS:
            Image.new("RGB", (8, 8), color).save(folder / f"{color}.png")

    async def prepare(self) -> None:
        await asyncio.to_thread(provision, self.settings, ALL_TOPICS)

    @asynccontextmanager
    async def service(self, **settings: Any) -> AsyncIterator[ProfileApp]:
        """A running service; settings of images begin with `image` or `max_image`."""
        used = {"image_retry_seconds": 1.0, "image_attempts": 3, **settings}
        of_images = {k: v for k, v in used.items() if k in ImageSettings.model_fields}
        of_profiles = {k: v for k, v in used.items() if k in ProfileSettings.model_fields}
        loader = ImageLoader(
            ImageSettings(
                allowed_file_roots=(self._folder,), allow_private_addresses=True, allow_http=True,
                **{"image_circuit_open_seconds": 0.2, **of_images},
            )
        )  # fmt: skip
        dependencies = SharedDependencies(
            models=serving(self.model),
            embedder=OneHotEmbedder(),
            profiles=self.store,
            users=cast(UserStore, None),
            image_store=InMemoryImages(),
            impressions=InMemoryImpressions(),
            erasures=self.erasures,
            image_loader=loader,
        )
        app = await build(ProfileSettings(**of_profiles), self.settings, dependencies)
        await app.start()
        try:
            await until(lambda: _is_ready(app))
            yield app
        finally:
            await app.stop()
            await loader.close()

    def file(self, color: str) -> str:
        return (self._folder / f"{color}.png").as_uri()

    def like(self, user: str, uri: str, **fields: Any) -> Feedback:
        return Feedback(
            event_id=uuid4(), occurred_at=datetime.now(UTC), user_id=self.prefix + user,
            image_id=uri[-40:], uri=uri, type="like", **fields,
        )  # fmt: skip

    async def send(self, *events: Event, partition: int = -1) -> None:
        for event in events:
            record = encode(event)
            self._producer.produce(
                record.topic, value=record.value, key=record.key, headers=list(record.headers),
                partition=partition,
            )  # fmt: skip
            self._producer.poll(0)
        assert await asyncio.to_thread(self._producer.flush, 60) == 0

    async def likes(self, user: str, *, tenant: str = "default") -> int:
        """How many liked references the stored profile of a user has; 0 without a profile."""
        stored = await self.store.get(tenant=tenant, user_id=self.prefix + user)
        return len(stored.references) if stored else 0

    async def until_likes(self, user: str, count: int = 1) -> None:
        async def have() -> bool:
            return await self.likes(user) >= count

        await until(have)

    async def seconds_of_like(self, user: str, *, partition: int = -1) -> float:
        """Seconds from sending a like of a local file to its stored profile."""
        started = time.monotonic()
        await self.send(self.like(user, self.file("red")), partition=partition)
        await self.until_likes(user)
        return time.monotonic() - started

    async def waiting(self) -> list[Record]:
        """The records of this test's users in the retry topic, also those that are done."""
        records = await asyncio.to_thread(
            lambda: list(tail(self.settings, FEEDBACK_RETRY, max_per_partition=100_000))
        )
        return [r for r in records if (r.key or b"").startswith(self.prefix.encode())]

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """The dead letters of this test's users."""
        wanted = DeadLetterFilter(text=self.prefix)
        page = await find_dead_letters(self.settings, wanted, limit=1000)
        return page.letters


async def _is_ready(app: ProfileApp) -> bool:
    return await app.kafka.not_ready_because() is None


class RecoveringHost:
    """An image host on many addresses: it answers 503 until a test lets it recover."""

    def __init__(self) -> None:
        self.is_away = True
        self.is_silent = False
        self.requests = 0
        self.port: int | None = None

    def uri(self, name: object, *, number: int = 0) -> str:
        return f"http://127.2.0.{number + 1}:{self.port}/{name}.png"

    async def answer(self, request: web.Request) -> web.Response:
        self.requests += 1
        if self.is_silent:
            await asyncio.sleep(3600)
        if self.is_away:
            return web.Response(status=503)
        return web.Response(body=encoded(Image.new("RGB", (8, 8), "green"), "PNG"))


@asynccontextmanager
async def recovering_host() -> AsyncIterator[RecoveringHost]:
    host = RecoveringHost()
    app = web.Application()
    app.router.add_get("/{name}", host.answer)
    server = TestServer(app, host="0.0.0.0")
    await server.start_server(shutdown_timeout=0.1)
    host.port = server.port
    yield host
    await server.close()
