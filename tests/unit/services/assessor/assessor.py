"""An assessor on fakes, as its application puts one together on real parts."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry

from services.assessor.background.background_description import Describing
from services.assessor.background.shadow_evaluation import Shadowing, ShadowMetrics
from services.assessor.config import AssessorSettings
from services.assessor.erasure import Erasing
from services.assessor.metrics import AssessorMetrics
from services.assessor.service import AssessorService, Parts
from services.assessor.steps.deduplication import Answered
from shared.events import ImageCandidates, RankedFeed
from tests.fakes.embedder import OneDirectionPerWord
from tests.fakes.images import DrawnImages
from tests.fakes.model import ColorModel, serving
from tests.fakes.publisher import Published
from tests.fakes.stores import (
    InMemoryErasures,
    InMemoryImages,
    InMemoryProfiles,
    InMemorySeen,
)
from tests.unit.services.assessor.users import NOW, WRITTEN_MS, keep, likes


class Assessor:
    """The service, and every part of it within a test's reach."""

    def __init__(self, *, now: Callable[[], float] = monotonic, **settings: Any) -> None:
        self.model = ColorModel()
        self.challenger = ColorModel("colors-2")
        self.models = serving(self.model, self.challenger)
        self.embedder = OneDirectionPerWord()
        self.profiles = InMemoryProfiles()
        self.known_images = InMemoryImages()
        self.erasures = InMemoryErasures()
        self.images = DrawnImages()
        self.published = Published()
        self.describing = Describing(
            models=self.models, embedder=self.embedder, images=self.known_images, at_once=16
        )
        self._settings = AssessorSettings(**settings)
        self._now = now
        self.service = self.started()

    def started(self) -> AssessorService:
        """A service without memory of requests, as after a crash; the parts stay the same."""
        self.registry = CollectorRegistry()
        self.shadowing = Shadowing(ShadowMetrics(self.registry))
        self.answered = Answered(most=self._settings.remembered_answers)
        self.erasing = Erasing(self.erasures, self.answered, self.published, clock=lambda: NOW)
        return AssessorService(
            Parts(
                models=self.models,
                embedder=self.embedder,
                profiles=self.profiles,
                known_images=self.known_images,
                seen=InMemorySeen(),
                images=self.images,
                publisher=self.published,
                clock=lambda: NOW,
            ),
            self._settings,
            AssessorMetrics(self.registry),
            answered=self.answered,
            erasing=self.erasing,
            describing=self.describing,
            shadowing=self.shadowing,
            now=self._now,
        )

    async def knows_ana(self, *, version: int = 3) -> None:
        """Ana likes red and dislikes blue."""
        await keep(self.profiles, likes(), self.embedder, version=version)

    async def feed(self, request: ImageCandidates, *, written_ms: int = WRITTEN_MS) -> RankedFeed:
        await self.service.answer(request, written_ms=written_ms)
        feed = self.published.events[-1]
        assert isinstance(feed, RankedFeed)
        return feed


def order(feed: RankedFeed) -> list[str]:
    return [item.image_id for item in feed.items]


def tiers(feed: RankedFeed) -> dict[str, str]:
    return {item.image_id: item.tier for item in feed.items}
