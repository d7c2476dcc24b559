"""The profile service on fakes, and its events in one line each."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from prometheus_client import CollectorRegistry

from services.profile.config import ProfileSettings
from services.profile.corrections import CorrectionWriter
from services.profile.erasure import UserEraser
from services.profile.feedback.image_retries import ImageRetries
from services.profile.feedback.impressions import impression_recorder
from services.profile.handlers import Handlers
from services.profile.metrics import ProfileMetrics
from services.profile.profile_publisher import ProfilePublisher
from services.profile.service import Dependencies, ProfileService
from shared.embedding.images.encoded_images import EncodedImages
from shared.events import Feedback, ProfileCorrected, ProfileUpdated
from shared.store.erasure_check import ErasureCheck
from shared.store.protocol import StoredProfile
from shared.store.removal.removal_check import RemovalCheck
from shared.vlm.protocol import PredictedTaste, References
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
from tests.fakes.stores.removed_images import InMemoryRemovedImages
from tests.fakes.stores.sessions import InMemorySessions

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


class ProfileSetup:
    """The service and its fake dependencies, which a test can change."""

    def __init__(
        self,
        model: ColorModel | None = None,
        publisher: RecordingPublisher | None = None,
        image_loader: ColorImages | None = None,
        encoded_images: EncodedImages | None = None,
        store: InMemoryProfiles | None = None,
        **settings: Any,
    ) -> None:
        self.model = model or ColorModel()
        self.embedder = OneHotEmbedder()
        self.store = store or InMemoryProfiles()
        self.image_store = InMemoryImages()
        self.impressions = InMemoryImpressions()
        self.erasures = InMemoryErasures()
        self.image_loader = image_loader or ColorImages()
        self.publisher = publisher or RecordingPublisher()
        self.registry = CollectorRegistry()
        erasure_check = ErasureCheck(self.erasures)
        profile_publisher = ProfilePublisher(self.store, self.publisher)
        self.removed_images = InMemoryRemovedImages()
        dependencies = Dependencies(
            models=serving(self.model),
            embedder=self.embedder,
            profiles=self.store,
            image_store=self.image_store,
            image_loader=self.image_loader,
            erasure_check=erasure_check,
            publisher=profile_publisher,
            clock=lambda: NOW,
            impressions=self.impressions,
            encoded_images=encoded_images,
            removal_check=RemovalCheck(self.removed_images),
        )
        used = ProfileSettings(**{"profile_debounce_ms": 0, **settings})
        metrics = ProfileMetrics(self.registry)
        self.service = ProfileService(dependencies, used, metrics)
        self.corrections = CorrectionWriter(
            self.store, profile_publisher, dependencies.models, clock=lambda: NOW,
            profile_deduplication_size=used.profile_deduplication_size, embedder=self.embedder,
        )  # fmt: skip
        self.sessions = InMemorySessions()
        self.eraser = UserEraser(
            profiles=self.store, impressions=self.impressions, erasures=self.erasures,
            sessions=self.sessions,
            publisher=self.publisher, clock=lambda: NOW,
        )  # fmt: skip
        recorder = impression_recorder(self.impressions, used)
        retries = ImageRetries(
            self.publisher, metrics.image_retries, max_attempts=used.image_attempts
        )
        self.handlers = Handlers(
            self.service, recorder, self.corrections, self.eraser, erasure_check, retries
        )

    async def process(self, *events: Feedback) -> None:
        await asyncio.gather(*(self.service.process_feedback(event) for event in events))

    async def stored(self, *, tenant: str = "default") -> StoredProfile:
        profile = await self.store.get(tenant=tenant, user_id="ana")
        assert profile is not None
        return profile

    def updates(self) -> list[ProfileUpdated]:
        return [event for event in self.publisher.events if isinstance(event, ProfileUpdated)]


def feedback(color: str, action: str = "like", *, at: int = 0, **fields: Any) -> Feedback:
    return Feedback.model_validate(
        {
            "event_id": uuid5(UUID(int=0), f"{color}-{action}-{at}"),
            "occurred_at": NOW + timedelta(seconds=at),
            "user_id": "ana",
            "image_id": f"id-{color}",
            "uri": f"drawing:{color}",
            "type": action,
            **fields,
        }
    )


def words(side: Any) -> list[str]:
    return [word.word for word in side.color]


def correction(action: str, **fields: Any) -> ProfileCorrected:
    return ProfileCorrected.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": NOW,
            "user_id": "ana",
            "action": action,
            **({} if action == "reset" else {"element": "color"}),
            **fields,
        }
    )


class GatedModel(ColorModel):
    """A model whose prediction waits until the test sets `release`."""

    def __init__(self) -> None:
        super().__init__()
        self.started = asyncio.Event()
        self.release = asyncio.Event()

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        self.started.set()
        await self.release.wait()
        return await super().predict(references)
