"""Promotions through a real Kafka to assessors whose models give predictable scores."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

import pytest

from services.assessor.app import AssessorApp, build
from services.assessor.config import AssessorSettings
from services.retrain.registry.promotion_topic import KafkaPromotionTopic
from shared.client.send_events import send_events
from shared.client.topic_reader import TopicReader, events_of, topic_reader
from shared.events import ImageCandidates, ModelPromoted, RankedFeed
from shared.events.topics import ALL_TOPICS, FEEDS, MODELS, Topic, topic_named
from shared.images.loader import ImageLoader
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import whole_topic
from shared.runtime.dependencies import SharedDependencies
from shared.store.user_list import UserStore
from shared.vlm.model_selection import ServingModels
from shared.vlm.protocol import Scores, ScoringInput
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.images import ColorImages
from tests.fakes.model import ColorModel, FakeModelLoader
from tests.fakes.scores import certain_scores
from tests.fakes.stores import (
    InMemoryErasures,
    InMemoryImages,
    InMemoryImpressions,
    InMemoryProfiles,
)
from tests.unit.services.assessor.users import color_taste, request, store_profile

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

PARTITIONS = 3
REQUESTS = 200
SECONDS = 120.0


class DigitModel(ColorModel):
    """Scores every image with the digit of its version, after a short delay."""

    def __init__(self, digit: int) -> None:
        super().__init__(f"digit-{digit}")
        self.digit = digit

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        await asyncio.sleep(0.02)
        return [certain_scores(self.digit) for _ in candidates]


class Cluster:
    """A Kafka cluster with all topics, and assessors with one model name."""

    def __init__(self, kafka: str) -> None:
        self.settings = MessagingSettings(
            kafka_bootstrap_servers=kafka, topic_partitions=PARTITIONS
        )
        self.name = f"model-{uuid4().hex[:8]}"
        self.topic = KafkaPromotionTopic(self.settings)

    async def prepare(self) -> None:
        await asyncio.to_thread(provision, self.settings, ALL_TOPICS)

    @asynccontextmanager
    async def assessor(self) -> AsyncIterator[tuple[AssessorApp, ServingModels]]:
        """One instance, with its own models and stores."""
        models = ServingModels(
            DigitModel(1), name=self.name, loader=FakeModelLoader(DigitModel(2), DigitModel(3))
        )
        profiles, embedder = InMemoryProfiles(), OneHotEmbedder()
        await store_profile(profiles, color_taste(), embedder)
        dependencies = SharedDependencies(
            models=models,
            embedder=embedder,
            profiles=profiles,
            users=cast(UserStore, None),
            image_store=InMemoryImages(),
            impressions=InMemoryImpressions(),
            erasures=InMemoryErasures(),
            image_loader=cast(ImageLoader, ColorImages()),
        )
        app = await build(AssessorSettings(), self.settings, dependencies)
        await app.kafka.start()
        try:
            await _until_ready(app)
            yield app, models
        finally:
            await app.stop()

    async def publish(self, version: str, *, variant: str = "champion", **shares: float) -> None:
        key = self.name if variant == "champion" else f"{self.name}#challenger"
        event = ModelPromoted(
            event_id=uuid4(), occurred_at=datetime.now(UTC), user_id=key, variant=variant,
            model_version=version, adapter_uri=f"/models/{version}", adapter_sha256="0" * 64,
            prompt_version="1", reason="a test", **shares,
        )  # fmt: skip
        await asyncio.to_thread(self.topic.publish, event)

    @asynccontextmanager
    async def reader(self, topic: Topic) -> AsyncIterator[TopicReader]:
        """A reader from the current end of the topic."""
        with ExitStack() as stack:
            yield await asyncio.to_thread(stack.enter_context, topic_reader(self.settings, topic))


@pytest.fixture
async def cluster(kafka: str) -> Cluster:
    cluster = Cluster(kafka)
    await cluster.prepare()
    return cluster


async def test_a_promotion_under_load_loses_no_request_and_mixes_no_versions(
    cluster: Cluster,
) -> None:
    batch = REQUESTS // 10
    async with cluster.assessor() as (_, models), cluster.reader(FEEDS) as feeds:
        ids = await _send_requests(cluster, batch)
        feeds_received = await asyncio.to_thread(_feeds_for, feeds, ids)
        under_load = [await _send_requests(cluster, batch) for _ in range(4)]
        await cluster.publish("digit-2")
        under_load += [await _send_requests(cluster, batch) for _ in range(4)]
        await _until_serves(models, "digit-2")
        under_load.append(await _send_requests(cluster, batch))
        rest = [request_id for request_ids in under_load for request_id in request_ids]
        feeds_received += await asyncio.to_thread(_feeds_for, feeds, rest)
        ids += rest

    assert Counter(feed.request_id for feed in feeds_received) == dict.fromkeys(ids, 1)
    assert {feed.model_version for feed in feeds_received} == {"digit-1", "digit-2"}
    for feed in feeds_received:
        expected = 5.0 * int(feed.model_version.rpartition("-")[2])
        assert [item.score for item in feed.items] == [expected] * 3, feed.model_version


async def test_every_instance_receives_a_promotion(cluster: Cluster) -> None:
    async with cluster.assessor() as (_, first), cluster.assessor() as (_, second):
        await cluster.publish("digit-2")
        for models in (first, second):
            await _until_serves(models, "digit-2")


async def test_a_broken_model_becomes_a_dead_letter_and_the_champion_keeps_serving(
    cluster: Cluster,
) -> None:
    async with cluster.assessor() as (app, models):
        await cluster.publish("digit-9")
        await cluster.publish("digit-2")
        await _until_serves(models, "digit-2")
        topic = topic_named(MODELS.dead_letters)
        records = await asyncio.to_thread(lambda: list(whole_topic(cluster.settings, topic)))
        assert app.kafka.failure() is None
    ours = [record for record in records if cluster.name.encode() in (record.value or b"")]
    (headers,) = [dict(record.headers) for record in ours]
    assert b"digit-9" in (ours[0].value or b"")
    assert headers["x-error"] == b"broken_model"
    assert b"digit-1 still serves" in (headers["x-detail"] or b"")


async def test_a_new_process_starts_with_the_latest_promotion_that_loads(
    cluster: Cluster,
) -> None:
    for version in ("digit-3", "digit-2", "digit-9"):
        await cluster.publish(version)
    async with cluster.assessor() as (_, models):
        # The latest model is broken, so the one before it serves; older events are not applied.
        assert models.champion.model_version == "digit-2"
        await asyncio.sleep(1)
        assert models.champion.model_version == "digit-2"


async def test_a_promotion_of_another_model_is_ignored(cluster: Cluster) -> None:
    async with cluster.assessor() as (_, models):
        other = Cluster(cluster.settings.kafka_bootstrap_servers)
        await other.publish("digit-3")
        await cluster.publish("digit-2")
        await _until_serves(models, "digit-2")


async def test_a_canary_starts_and_ends_with_an_event(cluster: Cluster) -> None:
    async with cluster.assessor() as (_, models):
        await cluster.publish("digit-2", variant="challenger", canary_share=1.0)
        await _until(lambda: models.lineup.challenger is not None)
        async with cluster.reader(FEEDS) as feeds:
            (feed,) = await asyncio.to_thread(_feeds_for, feeds, await _send_requests(cluster, 1))
        assert (feed.variant, feed.model_version) == ("challenger", "digit-2")
        await cluster.publish("digit-2", variant="challenger")
        await _until(lambda: models.lineup.challenger is None)
        assert models.champion.model_version == "digit-1"


async def _send_requests(cluster: Cluster, count: int) -> list[str]:
    requests: list[ImageCandidates] = [
        request("red", "green", "blue", request_id=f"r-{uuid4().hex}", event_id=uuid4())
        for _ in range(count)
    ]
    now = datetime.now(UTC)
    requests = [event.model_copy(update={"occurred_at": now}) for event in requests]
    await asyncio.to_thread(send_events, cluster.settings.kafka_bootstrap_servers, requests)
    return [event.request_id for event in requests]


def _feeds_for(feeds: TopicReader, ids: list[str]) -> list[RankedFeed]:
    """All feeds for these requests, including those that arrive within a second after the last."""
    missing, received = set(ids), []
    for feed in events_of(feeds.records_for(seconds=SECONDS), RankedFeed):
        received.append(feed)
        missing.discard(feed.request_id)
        if not missing:
            break
    received += events_of(feeds.records_for(seconds=1), RankedFeed)
    assert not missing, f"{len(missing)} of {len(ids)} requests have no feed"
    return [feed for feed in received if feed.request_id in set(ids)]


async def _until_serves(models: ServingModels, version: str) -> None:
    await _until(lambda: models.champion.model_version == version)


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(round(SECONDS / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the condition did not hold within {SECONDS:.0f} s")


async def _until_ready(app: AssessorApp) -> None:
    reason: str | None = ""
    for _ in range(round(SECONDS / 0.05)):
        reason = await app.kafka.not_ready_because()
        if reason is None:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not ready within {SECONDS:.0f} s: {reason}")
