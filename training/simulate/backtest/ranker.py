"""Score the images of a list as the services do: the taste in words, and the subject by vectors.

Logs do not tell which references a user stated, so the share of the subject follows from all
references, as for users who state none.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS
from shared.domain.weights.word_scores import ShownWords
from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.images.subject import SubjectReferences, no_vectors
from shared.embedding.images.weighed_references import LookScores, weigh_references
from shared.embedding.protocol import Vectors
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.vlm.protocol import References, ScoringInput, VisionLanguageModel
from training.simulate.backtest.cases import Known
from training.simulate.backtest.image_files import Key


class ServingRanker:
    """The model and the image encoder together; words and vectors of an image are kept."""

    def __init__(self, model: VisionLanguageModel, encoder: ImageEncoder) -> None:
        self._model = model
        self._encoder = encoder
        self._words: dict[Key, ShownWords] = {}
        self._vectors: dict[Key, Vectors] = {}

    async def score(
        self, tenant: str, known: Known, image_ids: Sequence[str], images: Mapping[Key, Image]
    ) -> list[float]:
        """One score an image, higher is better; images that are not loaded are not references."""
        keys = [(tenant, image_id) for image_id in image_ids]
        liked, disliked, passed = (
            [(tenant, image_id) for image_id in ids if (tenant, image_id) in images]
            for ids in (known.liked, known.disliked, known.passed)
        )
        groups = reference_groups(liked, disliked)
        prompts = [
            References(tuple(images[k] for k in up), tuple(images[k] for k in down))
            for up, down in groups
        ]
        taste = taste_by_vote(await self._model.predict(prompts) if prompts else [])
        scored = await self._model.score([ScoringInput(taste, images[key]) for key in keys])
        vectors = SubjectReferences(
            await self._encoded(liked, images),
            await self._encoded(disliked, images),
            await self._encoded(passed, images),
        )
        if not vectors.can_score:
            return [scores.total for scores in scored]
        look = LookScores.of_words(
            await self._described(liked, images), await self._described(disliked, images), [taste],
            others=await self._described(passed, images), others_were_viewed=True,
        )  # fmt: skip
        weights = weigh_references(vectors, look, self._model.element_weights).weights
        subjects = vectors.scores(await self._encoded(keys, images))
        return [
            weights.total({e: scores.expected(e) for e in ELEMENTS}, float(subject))
            for scores, subject in zip(scored, subjects, strict=True)
        ]

    async def _encoded(self, keys: Sequence[Key], images: Mapping[Key, Image]) -> Vectors:
        missing = [key for key in dict.fromkeys(keys) if key not in self._vectors]
        if missing:
            encoded = await self._encoder.encode([images[key] for key in missing])
            self._vectors.update(zip(missing, encoded, strict=True))
        return np.stack([self._vectors[key] for key in keys]) if keys else no_vectors()

    async def _described(
        self, keys: Sequence[Key], images: Mapping[Key, Image]
    ) -> list[ShownWords]:
        missing = [key for key in dict.fromkeys(keys) if key not in self._words]
        if missing:
            described = await self._model.describe([images[key] for key in missing])
            self._words.update(
                zip(missing, (description.words for description in described), strict=True)
            )
        return [self._words[key] for key in keys]
