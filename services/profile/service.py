"""Learn a person's taste from what they do: references in, a predicted profile out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.profile.config import ProfileSettings
from services.profile.debounce import Gathering
from services.profile.feedback.reference_images import lasting_uri
from services.profile.feedback.references import merged, side_of
from services.profile.metrics import ProfileMetrics
from services.profile.prediction.profile_prediction import Images, Predicting
from services.profile.profile_publisher import Announcing, Person
from shared.domain.clock import Clock
from shared.domain.errors import Unprocessable
from shared.embedding.protocol import Embedder
from shared.embedding.taste_vectors import taste_vectors
from shared.events import Feedback
from shared.images.loader import LoadedImage
from shared.observability.tracing import Stages, untraced
from shared.store.protocol import (
    ErasureStore,
    ImageStore,
    ProfileStore,
    Reference,
    StoredProfile,
)
from shared.vlm.protocol import VisionLanguageModel

log = logging.getLogger(__name__)


class ImagesByAddress(Images, Protocol):
    """Loads one image, or many."""

    async def load(self, uri: str) -> LoadedImage: ...


class Models(Protocol):
    """Knows which model answers now."""

    @property
    def champion(self) -> VisionLanguageModel: ...


@dataclass(frozen=True)
class Parts:
    """What the service works with."""

    models: Models
    embedder: Embedder
    profiles: ProfileStore
    known_images: ImageStore
    erasures: ErasureStore
    images: ImagesByAddress
    clock: Clock


class ProfileService:
    """Takes feedback in, keeps references, predicts tastes."""

    def __init__(
        self,
        parts: Parts,
        settings: ProfileSettings,
        metrics: ProfileMetrics,
        announcing: Announcing,
        *,
        spans: Stages = untraced,
    ) -> None:
        self._spans = spans
        self._parts = parts
        self._announcing = announcing
        self._settings = settings
        self._metrics = metrics
        self._predicting = Predicting(parts.images, metrics, per_side=settings.predicted_per_side)
        self._people: Gathering[Person, Reference] = Gathering(
            self._update, wait_seconds=settings.gather_ms / 1000
        )

    async def take_feedback(self, event: Feedback) -> None:
        """Return when the event is part of a stored and published profile, or says nothing."""
        side = side_of(event, dwell_liked_ms=self._settings.dwell_liked_ms)
        if side is None:
            return
        loaded = await self._parts.images.load(event.uri or await self._known_uri(event))
        reference = Reference(
            image_id=event.image_id,
            uri=lasting_uri(loaded),
            content_hash=loaded.content_hash,
            side=side,
            action=event.type,
            occurred_at=event.occurred_at,
            event_id=str(event.event_id),
        )
        await self._people.add(Person(event.tenant, event.user_id), reference)

    async def _known_uri(self, event: Feedback) -> str:
        found = await self._parts.known_images.find(tenant=event.tenant, image_ids=[event.image_id])
        if event.image_id not in found:
            raise Unprocessable(
                "unknown_image",
                f"the image {event.image_id!r} has no uri in this event and was in no feed that we"
                " have ranked; send its uri",
            )
        return found[event.image_id].uri

    async def _update(self, person: Person, new: Sequence[Reference]) -> None:
        """One prediction for everything that came together; a redelivery only publishes again."""
        stored = await self._parts.profiles.get(tenant=person.tenant, user_id=person.user_id)
        applied = stored.applied_event_ids if stored else ()
        fresh = [reference for reference in new if reference.event_id not in applied]
        if stored is None or fresh:
            await self._predict(person, stored, fresh)
        await self._announcing.tell(person)

    async def _predict(
        self, person: Person, stored: StoredProfile | None, fresh: Sequence[Reference]
    ) -> None:
        references = merged(
            stored.references if stored else (), fresh, per_side=self._settings.references_per_side
        )
        # One model for the whole prediction, also when another takes over meanwhile.
        model = self._parts.models.champion
        with self._spans("predict"):
            predicted = await self._predicting.taste(references, model)
        known = stored.applied_event_ids if stored else ()
        # A redelivery that comes with its first delivery would push out two others.
        ids = tuple(dict.fromkeys((*known, *(r.event_id for r in fresh))))
        profile = StoredProfile(
            tenant=person.tenant,
            user_id=person.user_id,
            prediction_version=stored.prediction_version + 1 if stored else 1,
            predicted=predicted.taste,
            references=predicted.references,
            applied_event_ids=ids[-self._settings.remembered_event_ids :],
            model_version=model.model_version,
            updated_at=self._parts.clock(),
        )
        vectors = await taste_vectors(predicted.taste, self._parts.embedder)
        if await self._erased_since(person, fresh):
            return
        await self._parts.profiles.put(profile, vectors)
        self._metrics.updated.inc()

    async def _erased_since(self, person: Person, fresh: Sequence[Reference]) -> bool:
        """Whether the person was erased while their taste was predicted."""
        erasure = await self._parts.erasures.erased(tenant=person.tenant, user_id=person.user_id)
        return erasure is not None and all(
            reference.occurred_at <= erasure.occurred_at for reference in fresh
        )
