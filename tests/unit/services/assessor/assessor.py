"""An assessor on fakes, with the same steps as the real service."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry

from services.assessor.background.background_description import BackgroundDescription
from services.assessor.background.shadow_evaluation import ShadowEvaluation, ShadowMetrics
from services.assessor.config import AssessorSettings
from services.assessor.erasure import UserEraser
from services.assessor.metrics import AssessorMetrics
from services.assessor.popularity.counts import Popularity
from services.assessor.rules.policy import NO_RULES, Policy, TenantRules
from services.assessor.rules.policy_file import FixedRules, RulesFile
from services.assessor.service import AssessorService, Dependencies
from services.assessor.steps.paging.feed_page import PageStores
from services.assessor.steps.request_filtering import AnsweredRequests
from shared.domain.taste import Taste
from shared.embedding.images.encoded_images import EncodedImages
from shared.events import ImageCandidates, RankedFeed
from shared.events.topics import CANDIDATES
from shared.events.wire.record import Record
from shared.messaging.contract import Delivery
from shared.store.erasure_check import ErasureCheck
from shared.store.removal.removal_check import RemovalCheck
from shared.vlm.background_work import Pace
from shared.vlm.score_cache import ScoreCache
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.images import ColorImages
from tests.fakes.model import ColorModel, serving
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores import (
    InMemoryErasures,
    InMemoryImages,
    InMemoryImpressions,
    InMemoryProfiles,
)
from tests.fakes.stores.catalogs import InMemoryCatalogs
from tests.fakes.stores.removed_images import InMemoryRemovedImages
from tests.fakes.stores.sessions import InMemorySessions, cursors
from tests.unit.services.assessor.users import NOW, WRITTEN_MS, color_taste, store_profile

AFTER_THE_FEEDS = Pace(quiet_seconds=0.3, max_pause_seconds=60)
"""Background work does not change the feeds of requests that follow at once."""


class Assessor:
    """The service and its fake dependencies, which a test can change."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = monotonic,
        encoded_images: EncodedImages | None = None,
        catalogs: InMemoryCatalogs | None = None,
        rules: TenantRules = NO_RULES,
        **settings: Any,
    ) -> None:
        self.encoded_images = encoded_images
        self.catalogs = catalogs
        self.rules = FixedRules(RulesFile(Policy(tenants={"default": rules}), digest="test"))
        self.impressions = InMemoryImpressions()
        self.time = NOW
        self.sessions = InMemorySessions()
        self.removed_images = InMemoryRemovedImages()
        self.removal_check = RemovalCheck(self.removed_images)
        self.removal_check.is_following = True
        self.model = ColorModel()
        self.challenger = ColorModel("colors-2")
        self.models = serving(self.model, self.challenger, pace=AFTER_THE_FEEDS)
        self.embedder = OneHotEmbedder()
        self.profiles = InMemoryProfiles()
        self.image_store = InMemoryImages()
        self.erasures = InMemoryErasures()
        self.popularity = Popularity()
        self.image_loader = ColorImages()
        self.publisher = RecordingPublisher()
        self.background_description = BackgroundDescription(
            models=self.models,
            embedder=self.embedder,
            image_store=self.image_store,
            batch_size=16,
        )
        # Without exploration, unless a test turns it on: the order is then that of the scores.
        self._settings = AssessorSettings(**{"explore_share": 0.0, **settings})
        self._now = now
        self.service = self.new_service()

    def new_service(self) -> AssessorService:
        """A service that knows no earlier request, as after a crash, on the same dependencies."""
        self.registry = CollectorRegistry()
        self.shadow_evaluation = ShadowEvaluation(self.models, ShadowMetrics(self.registry))
        self.score_cache = ScoreCache(max_entries=self._settings.score_cache_entries)
        self.answered = AnsweredRequests(size=self._settings.request_deduplication_size)
        self.eraser = UserEraser(
            self.erasures,
            self.answered,
            self.publisher,
            sessions=self.sessions,
            score_cache=self.score_cache,
            clock=lambda: self.time,
        )
        return AssessorService(
            Dependencies(
                models=self.models,
                embedder=self.embedder,
                profiles=self.profiles,
                image_store=self.image_store,
                impressions=self.impressions,
                erasure_check=ErasureCheck(self.erasures),
                image_loader=self.image_loader,
                publisher=self.publisher,
                clock=lambda: self.time,
                encoded_images=self.encoded_images,
                popularity=self.popularity,
                score_cache=self.score_cache,
                catalogs=self.catalogs,
                rules=self.rules,
                pages=PageStores(self.sessions, cursors()),
                removal_check=self.removal_check,
            ),
            self._settings,
            AssessorMetrics(self.registry),
            answered=self.answered,
            background_description=self.background_description,
            shadow_evaluation=self.shadow_evaluation,
            now=self._now,
        )

    async def store_profile_of_ana(
        self, *, taste: Taste | None = None, version: int = 3, **fields: Any
    ) -> None:
        """Ana likes red and dislikes blue; `fields` are further ones of the stored profile."""
        known = color_taste() if taste is None else taste
        await store_profile(self.profiles, known, self.embedder, version=version, **fields)

    async def rank(self, request: ImageCandidates, *, written_ms: int = WRITTEN_MS) -> None:
        """Handle the request as if it was read from Kafka."""
        record = Record(
            topic=CANDIDATES.name,
            partition=0,
            offset=0,
            timestamp_ms=written_ms,
            key=None,
            value=None,
            headers=(),
        )
        await self.service.rank(request, Delivery(record))

    async def feed(self, request: ImageCandidates, *, written_ms: int = WRITTEN_MS) -> RankedFeed:
        """The latest published feed after the request."""
        await self.rank(request, written_ms=written_ms)
        feed = self.publisher.events[-1]
        assert isinstance(feed, RankedFeed)
        return feed


def image_ids(feed: RankedFeed) -> list[str]:
    return [item.image_id for item in feed.items]


def tiers(feed: RankedFeed) -> dict[str, str]:
    return {item.image_id: item.tier for item in feed.items}
