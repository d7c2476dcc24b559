"""Images are removed while requests run: no feed after a removal has the image, in any instance."""

import asyncio
import random
import time
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from shared.client.asynchronous import AsyncClient
from shared.domain.clock import system_clock
from shared.domain.images.image_key import ImageKey
from shared.events import ImageCandidates, RankedFeed
from shared.events.topics import ALL_TOPICS, CANDIDATES, CATALOG, FEEDS
from shared.events.wire.record import Outgoing
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.contract import Delivery
from shared.messaging.service import KafkaService
from shared.runtime.removal_follower import RemovalFollower
from shared.store.removal.removal_check import RemovalCheck
from tests.fakes.model import COLORS
from tests.fakes.stores.removed_images import InMemoryRemovedImages
from tests.integration.messaging.running_service import until
from tests.unit.services.assessor.assessor import Assessor
from tests.unit.services.assessor.paging.pages import page_request
from tests.unit.services.assessor.retrieval.catalog import publish, with_catalog

pytestmark = pytest.mark.kafka

IMAGES = 30
REMOVED = 10
REQUESTS = 150
BOUND_SECONDS = 1.0
"""Far above what is measured, since the machine of the tests is shared, and far below the time for
which requests are in work."""
LOADING_SECONDS = 3.0


def slowed(assessor: Assessor, chance: random.Random) -> None:
    """Requests stay in work for up to three seconds, as with real image hosts."""
    load_many = assessor.image_loader.load_many

    async def load_slowly(uris: list[str], **limits: Any) -> object:
        images = await load_many(uris, **limits)
        await asyncio.sleep(chance.random() ** 2 * LOADING_SECONDS)
        return images

    assessor.image_loader.load_many = load_slowly  # type: ignore[assignment]


async def test_no_feed_after_a_removal_has_the_image(kafka: str) -> None:
    settings = MessagingSettings(kafka_bootstrap_servers=kafka)
    await asyncio.to_thread(provision, settings, ALL_TOPICS)
    tenant, chance = f"tenant-{uuid4().hex[:8]}", random.Random(0)
    assessor = with_catalog()
    assessor.time = system_clock()
    slowed(assessor, chance)
    service = KafkaService(f"removals-{tenant}", settings, CollectorRegistry())
    assessor.publisher = service.publisher  # type: ignore[assignment]
    assessor.service = assessor.new_service()

    async def rank(request: ImageCandidates, delivery: Delivery) -> None:
        if request.tenant == tenant:
            await assessor.service.rank(request, delivery)

    service.slow(CANDIDATES, rank, in_flight=64)
    for number in range(IMAGES):
        await publish(assessor, f"i{number}", COLORS[number % 5], tenant=tenant)
    removed_at: dict[str, float] = {}
    feeds: list[tuple[float, RankedFeed]] = []
    follower = RemovalFollower(settings, assessor.removal_check)
    async with AsyncClient(settings, tenant=tenant, topics=(FEEDS,)) as app, follower:
        await service.start()

        async def collect() -> None:
            async with app.listening() as records:
                async for record, event in records:
                    if isinstance(event, RankedFeed) and event.tenant == tenant:
                        feeds.append((record.timestamp_ms / 1000, event))

        async def request_feeds() -> None:
            for number in range(REQUESTS):
                listed = [] if number % 2 else chance.sample(range(IMAGES), 6)
                wanted = page_request(
                    tenant=tenant, user_id=f"u-{number % 7}", limit=12, explain="none",
                    candidates=[
                        {"image_id": f"i{n}", "uri": f"drawing:{COLORS[n % 5]}"} for n in listed
                    ],
                )  # fmt: skip
                await app.send(wanted)
                await asyncio.sleep(0.01)

        async def remove_images() -> None:
            for number in range(REMOVED):
                await asyncio.sleep(0.12)
                await app.remove_images(f"i{number}")
                removed_at[f"i{number}"] = time.time()

        collecting = asyncio.create_task(collect())
        try:
            await asyncio.gather(request_feeds(), remove_images())
            await until(lambda: len(feeds) >= REQUESTS)
            await until(lambda: len(assessor.removal_check) == REMOVED)
            last = page_request(tenant=tenant, user_id="u-1", limit=IMAGES)
            shown = {item.image_id for item in (await app.answer(last, seconds=60)).items}
            assert shown == {f"i{number}" for number in range(REMOVED, IMAGES)}

            # An invalid record is no publication; a valid one ends the removal.
            key = f"{tenant}\x1fi0".encode()
            await app._publisher.send(Outgoing(CATALOG.name, key, b"{not json"))
            await app.add_images({"i1": "https://images.example/i1.png"})
            await until(lambda: len(assessor.removal_check) == REMOVED - 1)
            # An instance that starts now, with a store that has none of it, knows the same.
            started = RemovalCheck(InMemoryRemovedImages())
            async with RemovalFollower(settings, started):
                keys = [ImageKey(tenant, f"i{number}") for number in range(IMAGES)]
                expected = {key for key in keys if key.image_id in removed_at} - {keys[1]}
                assert await started.removed(keys) == expected
        finally:
            collecting.cancel()
            await service.stop()
            await assessor.background_description.stop()
    late = [
        published_at - removed_at[item.image_id]
        for published_at, feed in feeds
        for item in feed.items
        if item.image_id in removed_at
    ]
    assert late, "no feed had an image before its removal"
    print(f"{len(feeds)} feeds; a removed image was last shown {max(late) * 1000:+.0f} ms after")
    assert max(late) < BOUND_SECONDS
