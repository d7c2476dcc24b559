"""Score new pictures from references: a color histogram, the image encoder, and a model."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PIL import Image

from shared.domain.taste import ELEMENTS
from shared.embedding.images.affinity import affinity
from shared.embedding.images.color_histogram import color_shares
from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.images.weighed_references import LookScores, weigh_references
from shared.embedding.protocol import Vectors
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import References, ScoringInput, VisionLanguageModel


class Ranker(Protocol):
    """Scores pictures after references; a higher score means that the person likes it more."""

    @property
    def name(self) -> str: ...

    async def score(
        self, references: References, pictures: Sequence[Image.Image]
    ) -> Sequence[float]: ...


class ColorHistogram:
    """The baseline: similarity of the shares of 64 colors (Hellinger affinity)."""

    name = "color histogram"

    async def score(
        self, references: References, pictures: Sequence[Image.Image]
    ) -> Sequence[float]:
        liked, disliked, new = (
            np.stack([color_shares(image) for image in images])
            for images in (references.liked, references.disliked, pictures)
        )
        return [float(value) for value in affinity(new, liked, disliked)]


class EncoderRanker:
    """The mean vector of the liked pictures minus that of the disliked ones."""

    def __init__(self, encoder: ImageEncoder) -> None:
        self._encoder = encoder
        self.name = encoder.name
        self._encoded: dict[int, tuple[Image.Image, Vectors]] = {}
        """By the identity of a picture; the picture is kept, so that its identity is not reused."""

    async def score(
        self, references: References, pictures: Sequence[Image.Image]
    ) -> Sequence[float]:
        liked, disliked, new = [
            await self.vectors(images)
            for images in (references.liked, references.disliked, pictures)
        ]
        return [float(value) for value in affinity(new, liked, disliked)]

    async def vectors(self, pictures: Sequence[Image.Image]) -> Vectors:
        """Each picture is encoded once, since many tasks show it."""
        missing = [picture for picture in pictures if id(picture) not in self._encoded]
        for picture, vector in zip(missing, await self._encoder.encode(missing), strict=True):
            self._encoded[id(picture)] = (picture, vector)
        return np.stack([self._encoded[id(picture)][1] for picture in pictures])


class ModelRanker:
    """A vision-language model as it serves: it predicts a taste and scores each picture with it."""

    def __init__(self, model: VisionLanguageModel) -> None:
        self._model = model
        self.name = model.model_version

    async def score(
        self, references: References, pictures: Sequence[Image.Image]
    ) -> Sequence[float]:
        taste = taste_by_vote(await self._model.predict([references]))
        scores = await self._model.score([ScoringInput(taste, image) for image in pictures])
        return [score.total for score in scores]


class SubjectRanker:
    """The model and the image encoder together, as the services rank with `subject_ranking`."""

    def __init__(self, model: VisionLanguageModel, encoder: EncoderRanker) -> None:
        self._model = model
        self._encoder = encoder
        self.name = f"{model.model_version} with subject"

    async def score(
        self, references: References, pictures: Sequence[Image.Image]
    ) -> Sequence[float]:
        taste = taste_by_vote(await self._model.predict([references]))
        scored = await self._model.score([ScoringInput(taste, image) for image in pictures])
        described = await self._model.describe(references.images)
        words = [description.words for description in described]
        liked = len(references.liked)
        vectors = SubjectReferences(
            await self._encoder.vectors(references.liked),
            await self._encoder.vectors(references.disliked),
        )
        look = LookScores.of_words(words[:liked], words[liked:], [taste])
        weights = weigh_references(vectors, look, self._model.element_weights).weights
        subjects = vectors.scores(await self._encoder.vectors(pictures))
        return [
            weights.total({e: scores.expected(e) for e in ELEMENTS}, float(subject))
            for scores, subject in zip(scored, subjects, strict=True)
        ]
