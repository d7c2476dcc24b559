"""Predict several tastes of a user whose liked references form several groups."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL.Image import Image

from services.profile.feedback.references import ACTION_WEIGHTS
from services.profile.prediction.base_rates import UNKNOWN_BASE_RATES, BaseRates
from services.profile.prediction.joint.taste_ids import taste_ids
from services.profile.prediction.unified_words import unified_taste
from services.profile.prediction.vote_weights import GroupPrediction, vote_weights
from shared.domain.errors import Unavailable
from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.domain.word_forms import NO_SYNONYMS, Synonyms
from shared.embedding.images.encoded_images import EncodedImages
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.prompting.taste_clusters.image_clusters import image_clusters
from shared.prompting.taste_clusters.word_clusters import (
    MIN_LIKES,
    word_clusters,
    words_separate,
)
from shared.store.protocol import Reference
from shared.vlm.protocol import References, VisionLanguageModel

log = logging.getLogger(__name__)
DECIMALS: Final = 4


@dataclass(frozen=True)
class ReferenceImage:
    """A described reference and its loaded image."""

    reference: Reference
    pixels: Image


class JointTastes:
    """Predicts the joint tastes; a user with one taste has none, and costs no call of the model.

    The words of the references decide. Image vectors decide where the words do not separate likes
    from dislikes: a model that knows few kinds of pictures describes all others alike.
    """

    def __init__(self, encoded_images: EncodedImages | None) -> None:
        self._encoded_images = encoded_images

    async def predict(
        self,
        liked: Sequence[ReferenceImage],
        disliked: Sequence[ReferenceImage],
        model: VisionLanguageModel,
        *,
        known: Sequence[JointTaste] = (),
        base_rates: BaseRates = UNKNOWN_BASE_RATES,
        synonyms: Synonyms = NO_SYNONYMS,
    ) -> tuple[JointTaste, ...]:
        """The tastes, the largest first; raises `Unavailable` as the model does.

        `known` are the stored tastes: a taste that has most of the references of one of them keeps
        its id. `base_rates` are the words of the images that the user could choose from. The words
        of the references and base rates are unified by `synonyms` already.
        """
        if len(liked) < 2 * MIN_LIKES:
            return ()
        shown = _shown(liked)
        clusters = word_clusters(shown, base_rates)
        if not clusters and not words_separate(shown, _shown(disliked)):
            clusters = await self._by_images(liked, disliked)
        groups = [[liked[number] for number in cluster] for cluster in clusters]
        tastes = await _predicted(groups, disliked, model, synonyms)
        ids = taste_ids([[image.reference for image in group] for group in groups], known)
        return tuple(
            JointTaste(
                taste_id=taste_id,
                preference=taste.preference,
                non_preference=taste.non_preference,
                reference_ids=tuple(image.reference.image_id for image in group),
                share=round(len(group) / len(liked), DECIMALS),
                weight=round(_weight(group) / _weight(liked), DECIMALS),
            )
            for taste_id, taste, group in zip(ids, tastes, groups, strict=True)
        )

    async def _by_images(
        self, liked: Sequence[ReferenceImage], disliked: Sequence[ReferenceImage]
    ) -> list[tuple[int, ...]]:
        if self._encoded_images is None:
            return []
        images = {image.reference.content_hash: image.pixels for image in (*liked, *disliked)}
        try:
            vectors = await self._encoded_images.vectors(images)
        except Unavailable as error:
            log.warning("a user's tastes are not compared by image vectors: %s", error)
            return []
        with_vector = [n for n, i in enumerate(liked) if i.reference.content_hash in vectors]
        other_side = [
            vectors[i.reference.content_hash]
            for i in disliked
            if i.reference.content_hash in vectors
        ]
        if not with_vector or not other_side:
            return []
        own_side = [vectors[liked[number].reference.content_hash] for number in with_vector]
        return [
            tuple(with_vector[number] for number in cluster)
            for cluster in image_clusters(np.stack(own_side), np.stack(other_side))
        ]


async def _predicted(
    groups: Sequence[Sequence[ReferenceImage]],
    disliked: Sequence[ReferenceImage],
    model: VisionLanguageModel,
    synonyms: Synonyms,
) -> list[Taste]:
    """The taste of each group of liked references; all groups share the disliked ones."""
    parts = [reference_groups(group, disliked) for group in groups]
    if not parts:
        return []
    predictions = iter(
        await model.predict(
            [References(_pixels(own), _pixels(other)) for part in parts for own, other in part]
        )
    )
    tastes = []
    for part in parts:
        predicted = [
            GroupPrediction(
                _references(own), _references(other), unified_taste(next(predictions), synonyms)
            )
            for own, other in part
        ]
        tastes.append(taste_by_vote([p.predicted for p in predicted], vote_weights(predicted)))
    return tastes


def _shown(images: Sequence[ReferenceImage]) -> list[dict[Element, tuple[str, ...]]]:
    return [{e: image.reference.described_words(e) for e in ELEMENTS} for image in images]


def _weight(images: Iterable[ReferenceImage]) -> float:
    return sum(ACTION_WEIGHTS[image.reference.action] for image in images)


def _pixels(images: Sequence[ReferenceImage]) -> tuple[Image, ...]:
    return tuple(image.pixels for image in images)


def _references(images: Sequence[ReferenceImage]) -> list[Reference]:
    return [image.reference for image in images]
