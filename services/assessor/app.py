"""Assemble the assessor from its real dependencies."""

import asyncio
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry

from services.assessor.background.background_description import BackgroundDescription
from services.assessor.background.session_cleaning import SessionCleaning
from services.assessor.background.shadow_evaluation import ShadowEvaluation, ShadowMetrics
from services.assessor.config import AssessorSettings
from services.assessor.erasure import UserEraser
from services.assessor.handlers import connect
from services.assessor.metrics import AssessorMetrics
from services.assessor.popularity.counts import Popularity
from services.assessor.popularity.feedback_reader import FeedbackReader
from services.assessor.rules.policy_file import open_rules
from services.assessor.service import AssessorService, Dependencies
from services.assessor.steps.paging.feed_page import PageStores
from services.assessor.steps.request_filtering import AnsweredRequests
from shared.domain.clock import system_clock
from shared.domain.errors import Unprocessable
from shared.domain.weights.retrieval_weights import (
    BadWeightsFile,
    RetrievalWeights,
    read_retrieval_weights,
)
from shared.events import RankedFeed
from shared.events.topics import FEEDS
from shared.events.wire.codec import decode
from shared.images.hosts.host_metrics import HostMetrics
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.health import HealthServer
from shared.messaging.read.tail import tail
from shared.messaging.service import KafkaService
from shared.runtime.dependencies import SharedDependencies
from shared.runtime.promotions import follow_promotions
from shared.runtime.removal_follower import RemovalFollower
from shared.settings import InvalidSettings
from shared.store.erasure_check import ErasureCheck
from shared.vlm.score_cache import ScoreCache

FEEDS_READ_AT_START: Final = 1_000
"""Latest feeds of each partition that are read at the start. A crash leaves fewer feeds published
but not committed: one window of unfinished requests and one second of finished ones."""


@dataclass(frozen=True)
class AssessorApp:
    """The assembled service, not started yet."""

    kafka: KafkaService
    health: HealthServer
    background_description: BackgroundDescription
    shadow_evaluation: ShadowEvaluation
    feedback: FeedbackReader | None
    """None while popularity is off."""
    removals: RemovalFollower | None
    session_cleaning: SessionCleaning | None

    async def start(self) -> None:
        """Read removals and the latest feedback, join the consumer groups and start to read."""
        if self.removals is not None:
            await self.removals.start()
        if self.session_cleaning is not None:
            self.session_cleaning.start()
        if self.feedback is not None:
            await self.feedback.start()
        await self.kafka.start()

    async def stop(self) -> None:
        """Finish the requests in work and leave Kafka; drop the queued background work."""
        await self.kafka.stop()
        if self.removals is not None:
            await self.removals.stop()
        if self.session_cleaning is not None:
            await self.session_cleaning.stop()
        if self.feedback is not None:
            await self.feedback.stop()
        await self.background_description.stop()
        await self.shadow_evaluation.stop()


async def build(
    settings: AssessorSettings, messaging: MessagingSettings, shared: SharedDependencies
) -> AssessorApp:
    """Connect the service to Kafka and to the dependencies that it shares with other services."""
    registry = CollectorRegistry()
    kafka = KafkaService("assessor", messaging, registry)
    HostMetrics(shared.image_loader.gate, registry)
    answered = await asyncio.to_thread(
        read_answered_requests, messaging, size=settings.request_deduplication_size
    )
    background_description = BackgroundDescription(
        models=shared.models,
        embedder=shared.embedder,
        image_store=shared.image_store,
        batch_size=settings.description_batch_size,
    )
    shadow_evaluation = ShadowEvaluation(shared.models, ShadowMetrics(registry))
    popularity = Popularity(max_entries=settings.popularity_entries)
    metrics = AssessorMetrics(registry)
    metrics.popularity.set_function(lambda: len(popularity))
    score_cache = ScoreCache(max_entries=settings.score_cache_entries)
    metrics.kept_scores.set_function(lambda: len(score_cache))
    if shared.recent_images is not None:
        shared.recent_images.on_forget(score_cache.forget)
    service = AssessorService(
        Dependencies(
            models=shared.models,
            embedder=shared.embedder,
            profiles=shared.profiles,
            image_store=shared.image_store,
            impressions=shared.impressions,
            erasure_check=ErasureCheck(shared.erasures),
            image_loader=shared.image_loader,
            publisher=kafka.publisher,
            clock=system_clock,
            encoded_images=shared.encoded_images,
            popularity=popularity,
            score_cache=score_cache,
            rules=open_rules(settings.rules_file),
            retrieval_weights=retrieval_weights(settings),
            catalogs=shared.catalogs,
            pages=page_stores(shared),
            removal_check=shared.removal_check,
        ),
        settings,
        metrics,
        answered=answered,
        background_description=background_description,
        shadow_evaluation=shadow_evaluation,
        spans=kafka.tracing.stage,
    )
    eraser = UserEraser(
        shared.erasures,
        answered,
        kafka.publisher,
        sessions=shared.feed_sessions,
        score_cache=score_cache,
        clock=system_clock,
    )
    connect(kafka, service, eraser, candidates_in_flight=settings.candidates_in_flight)
    await follow_promotions(kafka, shared.models, messaging)
    health = HealthServer(
        kafka, registry, host=settings.health_host, port=settings.assessor_health_port
    )
    feedback = FeedbackReader(messaging, popularity) if settings.popularity_entries else None
    check, sessions = shared.removal_check, shared.feed_sessions
    if check is not None:
        check.on_removal(popularity.forget_image)
    return AssessorApp(
        kafka,
        health,
        background_description,
        shadow_evaluation,
        feedback,
        RemovalFollower(messaging, check) if check is not None else None,
        SessionCleaning(sessions, clock=system_clock) if sessions is not None else None,
    )


def page_stores(shared: SharedDependencies) -> PageStores | None:
    """Where the pages of feeds are stored."""
    if shared.feed_sessions is None or shared.cursors is None:
        return None
    return PageStores(shared.feed_sessions, shared.cursors)


def retrieval_weights(settings: AssessorSettings) -> RetrievalWeights:
    """The weights of the setting; raises `InvalidSettings` when its file cannot be used."""
    try:
        return read_retrieval_weights(settings.retrieval_weights_file)
    except BadWeightsFile as error:
        raise InvalidSettings(f"PREFERSTREAM_RETRIEVAL_WEIGHTS_FILE: {error}") from error


def read_answered_requests(messaging: MessagingSettings, *, size: int) -> AnsweredRequests:
    """Requests whose feed was published before this start: Kafka may deliver them again."""
    answered = AnsweredRequests(size=size)
    for record in tail(messaging, FEEDS, max_per_partition=FEEDS_READ_AT_START):
        try:
            feed = decode(FEEDS, record)
        except Unprocessable:
            continue
        # A feed from before the field `request_hash` does not state which request it answers.
        if isinstance(feed, RankedFeed) and feed.request_hash is not None:
            answered.add(feed.request_key, request_hash=feed.request_hash)
    return answered
