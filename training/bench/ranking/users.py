"""Store a user with a taste and references, and images with descriptions and vectors."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from PIL import Image

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import ELEMENTS
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.protocol import Embedder, Vectors
from shared.embedding.taste_vectors import description_vector, taste_vectors
from shared.images.loader import LoadedImage
from shared.prompting.prediction_voting import taste_by_vote
from shared.store.protocol import Described, ImageDescription, Reference, StoredProfile
from shared.vlm.protocol import PredictedTaste
from training.bench.ranking.in_process import USER, InProcessAssessor
from training.evaluation.held_out.users import REFERENCES, HeldOutUser
from training.prefersim.values.vocabulary import VALUES

SUBJECT_SHARE: Final = 0.3
"""Weight of the subject in the ranking of the benchmark's user."""


@dataclass(frozen=True)
class MadeData:
    """By what the stored data are made."""

    model_version: str
    embedder: Embedder
    rng: np.random.Generator
    dimension: int
    """Length of an image vector."""

    def vector(self) -> Vectors:
        """A random unit vector; (dimension,)."""
        vector = self.rng.standard_normal(self.dimension).astype(np.float32)
        unit: Vectors = vector / np.float32(np.linalg.norm(vector))
        return unit


async def store_user(assessor: InProcessAssessor, data: MadeData, user: HeldOutUser) -> None:
    """The user of the benchmark, with five references of each side and their vectors."""
    now = datetime.now(UTC)
    references = tuple(
        Reference(
            image_id=f"{side}-{number}",
            uri=f"https://example.com/{side}-{number}.png",
            content_hash=hashlib.sha256(f"{side}-{number}".encode()).hexdigest(),
            side=side,
            action="reference_like" if side == "liked" else "reference_dislike",
            occurred_at=now,
            event_id=f"{side}-{number}",
        )
        for side in ("liked", "disliked")
        for number in range(REFERENCES)
    )
    taste = taste_by_vote([PredictedTaste(user.likes, user.dislikes)])
    profile = StoredProfile(
        tenant="default",
        user_id=USER,
        prediction_version=1,
        predicted=taste,
        references=references,
        model_version=data.model_version,
        updated_at=now,
        ranking_weights=RankingWeights.of(EQUAL_WEIGHTS, subject=SUBJECT_SHARE),
    )
    await assessor.profiles.put(profile, await taste_vectors(taste, data.embedder))
    await assessor.image_vectors.put(
        {reference.content_hash: data.vector() for reference in references}
    )


def random_images(count: int, rng: np.random.Generator) -> list[LoadedImage]:
    """Small images of random pixels, in memory."""
    images = []
    for number in range(count):
        pixels = Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8))
        content_hash = hashlib.sha256(pixels.tobytes()).hexdigest()
        images.append(LoadedImage(f"https://example.com/{number}.png", content_hash, pixels))
    return images


async def store_descriptions(
    assessor: InProcessAssessor, data: MadeData, images: Sequence[LoadedImage]
) -> None:
    """Descriptions of random words, and random image vectors: the time depends on neither."""
    described = []
    for image in images:
        words = {element: (str(data.rng.choice(VALUES[element])),) for element in ELEMENTS}
        description = ImageDescription(
            content_hash=image.content_hash, model_version=data.model_version, words=words
        )
        described.append(Described(description, await description_vector(words, data.embedder)))
    await assessor.image_store.describe(described)
    await assessor.image_vectors.put({image.content_hash: data.vector() for image in images})
