"""The profile service on fakes, and what people do in one line each."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from prometheus_client import CollectorRegistry

from services.profile.config import ProfileSettings
from services.profile.corrections import Correcting
from services.profile.erasure import Erasing
from services.profile.feedback.impressions import Views
from services.profile.handlers import Handling
from services.profile.metrics import ProfileMetrics
from services.profile.profile_publisher import Announcing
from services.profile.service import Parts, ProfileService
from shared.events import Feedback, ProfileCorrected, ProfileUpdated
from shared.store.protocol import StoredProfile
from shared.vlm.protocol import PredictedTaste, References
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

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


class Profiles:
    """The service on fakes, and every part of it within a test's reach."""

    def __init__(
        self,
        model: ColorModel | None = None,
        published: Published | None = None,
        **settings: Any,
    ) -> None:
        self.model = model or ColorModel()
        self.embedder = OneDirectionPerWord()
        self.store = InMemoryProfiles()
        self.known_images = InMemoryImages()
        self.seen = InMemorySeen()
        self.erasures = InMemoryErasures()
        self.images = DrawnImages()
        self.published = published or Published()
        self.registry = CollectorRegistry()
        parts = Parts(
            models=serving(self.model),
            embedder=self.embedder,
            profiles=self.store,
            known_images=self.known_images,
            erasures=self.erasures,
            images=self.images,
            clock=lambda: NOW,
        )
        wished = ProfileSettings(**{"gather_ms": 0, **settings})
        announcing = Announcing(self.store, self.published)
        self.service = ProfileService(parts, wished, ProfileMetrics(self.registry), announcing)
        self.correcting = Correcting(
            self.store, announcing, parts.models, clock=lambda: NOW,
            remembered_event_ids=wished.remembered_event_ids,
        )  # fmt: skip
        self.erasing = Erasing(
            profiles=self.store, seen=self.seen, erasures=self.erasures,
            publisher=self.published, clock=lambda: NOW,
        )  # fmt: skip
        self.handling = Handling(
            self.service, Views(self.seen, wished), self.correcting, self.erasing
        )

    async def take(self, *events: Feedback) -> None:
        await asyncio.gather(*(self.service.take_feedback(event) for event in events))

    async def stored(self, *, tenant: str = "default") -> StoredProfile:
        found = await self.store.get(tenant=tenant, user_id="ana")
        assert found is not None
        return found

    def updates(self) -> list[ProfileUpdated]:
        return [event for event in self.published.events if isinstance(event, ProfileUpdated)]


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


def say(action: str, **fields: Any) -> ProfileCorrected:
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


class Gated(ColorModel):
    """A model that begins to predict, and goes on when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        self.began.set()
        await self.go_on.wait()
        return await super().predict(references)
