"""Run the profile service and the assessor in this process, as a user meets them, without Kafka.

Likes and dislikes, corrections and requests are events of the public contract. The profile service
predicts and corrects, and the assessor ranks with all its steps.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from prometheus_client import CollectorRegistry

from services.profile.config import ProfileSettings
from services.profile.corrections import CorrectionWriter
from services.profile.metrics import ProfileMetrics
from services.profile.profile_publisher import ProfilePublisher
from services.profile.service import Dependencies, ProfileService
from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.protocol import Embedder
from shared.events import Feedback, ProfileCorrected, RankedFeed
from shared.events.types.feedback import Action
from shared.images.loader import LoadedImage
from shared.store.protocol import StoredProfile
from shared.vlm.protocol import VisionLanguageModel
from training.bench.ranking.in_process import InProcessAssessor, open_assessor

DEBOUNCE_MS: Final = 20.0
"""The events of a user are in memory together, so they need no longer wait for each other."""
SCORES_KEPT: Final = 400_000
"""Scores of the feeds before an edit, which every edit of a user is compared with."""
TENANT: Final = "default"


@dataclass(frozen=True)
class Product:
    """Both services on one store."""

    assessor: InProcessAssessor
    profiles: ProfileService
    corrections: CorrectionWriter

    async def learn(
        self, user_id: str, *, liked: Sequence[LoadedImage], disliked: Sequence[LoadedImage]
    ) -> StoredProfile:
        """The profile after these references, given at once."""
        sides: tuple[tuple[Action, Sequence[LoadedImage]], ...] = (
            ("reference_like", liked),
            ("reference_dislike", disliked),
        )
        self.assessor.images.images |= {image.uri: image for image in (*liked, *disliked)}
        await asyncio.gather(
            *(
                self.profiles.process_feedback(_feedback(user_id, action, image))
                for action, images in sides
                for image in images
            )
        )
        return await self.profile(user_id)

    async def profile(self, user_id: str) -> StoredProfile:
        stored = await self.assessor.profiles.get(tenant=TENANT, user_id=user_id)
        assert stored is not None, f"no profile of {user_id} was stored"
        return stored

    async def correct(self, event: ProfileCorrected) -> None:
        await self.corrections.apply(event)

    async def rank(self, user_id: str, images: Mapping[str, LoadedImage]) -> RankedFeed:
        """The feed of these images, by image id; without rationales, which move no image."""
        request = self.assessor.request(images, user_id=user_id)
        feed = await self.assessor.rank(request.model_copy(update={"explain": "none"}))
        # What a running assessor does in the background after a feed.
        await self.assessor.description.describe(list(images.values()))
        return feed


@asynccontextmanager
async def open_product(
    folder: Path,
    model: VisionLanguageModel,
    *,
    embedder: Embedder,
    encoder: ImageEncoder,
    explore_share: float = 0.0,
) -> AsyncIterator[Product]:
    """Both services with their default settings, on an embedded store in `folder`.

    Exploration is off by default, because a random swap of neighbors is no answer to an edit.
    """
    async with open_assessor(
        folder,
        model,
        embedder=embedder,
        encoder=encoder,
        score_cache_entries=SCORES_KEPT,
        explore_share=explore_share,
    ) as assessor:
        shared = assessor.dependencies
        settings = ProfileSettings(profile_debounce_ms=DEBOUNCE_MS)
        publisher = ProfilePublisher(shared.profiles, shared.publisher)
        profiles = ProfileService(
            Dependencies(
                models=shared.models,
                embedder=shared.embedder,
                profiles=shared.profiles,
                image_store=shared.image_store,
                image_loader=assessor.images,
                erasure_check=shared.erasure_check,
                publisher=publisher,
                clock=shared.clock,
                encoded_images=shared.encoded_images,
                impressions=shared.impressions,
            ),
            settings,
            ProfileMetrics(CollectorRegistry()),
        )
        corrections = CorrectionWriter(
            shared.profiles,
            publisher,
            shared.models,
            clock=shared.clock,
            profile_deduplication_size=settings.profile_deduplication_size,
            embedder=shared.embedder,
        )
        try:
            yield Product(assessor, profiles, corrections)
        finally:
            await profiles.close()


def _feedback(user_id: str, action: Action, image: LoadedImage) -> Feedback:
    return Feedback(
        event_id=uuid4(),
        occurred_at=datetime.now(UTC),
        user_id=user_id,
        type=action,
        image_id=image.content_hash,
        uri=image.uri,
    )
