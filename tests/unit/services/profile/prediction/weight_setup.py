"""Weigh users on fakes: stores with the words and the vectors of images."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from services.profile.prediction.unchosen_images import UnchosenImageReader
from services.profile.prediction.weight_evidence import PredictedTastes, WeightEvidence, Weights
from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.domain.user import User
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.tenant_images import TenantImages
from shared.events.types.feedback import Action
from shared.store.protocol import Impressions, Reference, ReferenceDescription, Side
from tests.contract.store.stores import described, known
from tests.fakes.image_encoder import SubjectEncoder
from tests.fakes.stores import InMemoryImages, InMemoryImageVectors, InMemoryImpressions

ANA = User("default", "ana")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = "m-1"
SUBJECTS = {"red": "bird", "green": "flower", "blue": "car"}
POPULATION = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)
ACTIONS: Mapping[Side, Action] = {"liked": "click", "disliked": "dislike"}


def taste(**liked: str) -> Taste:
    words = {element: (WeightedWord(word=word, weight=1),) for element, word in liked.items()}
    return Taste(preference=TasteSide.model_validate(words))


class Setup:
    """Stores with the words and the vectors of images."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(3)
        self.vectors = InMemoryImageVectors()
        self.images = InMemoryImages()
        self.impressions = InMemoryImpressions()
        encoded = EncodedImages(SubjectEncoder(SUBJECTS), self.vectors)
        self.evidence = WeightEvidence(
            encoded,
            TenantImages(encoded, self.images),
            self.unchosen_images(),
        )

    def unchosen_images(self, *, references_per_side: int = 40) -> UnchosenImageReader:
        return UnchosenImageReader(
            self.images, self.impressions, references_per_side=references_per_side
        )

    def reference(
        self, side: Side, name: str, *, subject: int, action: Action | None = None, **words: str
    ) -> Reference:
        """A reference with these words, near the axis of its subject."""
        self.vectors.by_hash[name] = self.vector(subject)
        return Reference(
            image_id=name, uri=f"drawing:{name}", content_hash=name, side=side,
            action=action or ACTIONS[side], occurred_at=NOW, event_id=name,
            description=ReferenceDescription(
                model_version=MODEL,
                words=tuple((Element(element), (word,)) for element, word in words.items()),
            ),
        )  # fmt: skip

    def vector(self, subject: int) -> np.ndarray:
        vector = 0.3 * self.rng.random(13).astype(np.float32)
        vector[subject] += 1
        return vector / np.linalg.norm(vector)

    async def add_image(self, name: str, *, subject: int | None = None, **words: str) -> None:
        """An image of the tenant, described, and encoded where it has a subject."""
        image = known(name).model_copy(update={"content_hash": name, "tenant": ANA.tenant})
        await self.images.remember([image])
        await self.images.describe([await described(name, MODEL, **words)])
        if subject is not None:
            self.vectors.by_hash[name] = self.vector(subject)

    async def view(self, names: Sequence[str]) -> None:
        seen_at = {name: NOW + timedelta(seconds=n) for n, name in enumerate(names)}
        empty = Impressions(tenant=ANA.tenant, user_id=ANA.user_id, seen_at={})
        await self.impressions.put(empty.with_impressions(seen_at, limit=1_000, viewed=names))

    async def weights(
        self,
        references: Sequence[Reference],
        of: Taste,
        population: ElementWeights = EQUAL_WEIGHTS,
    ) -> Weights:
        return await self.evidence.weights(
            ANA, references, {}, PredictedTastes([of]), population=population, model_version=MODEL
        )
