"""Measure what a user goes by: how well each score separates what was liked from what was not."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL.Image import Image

from services.profile.prediction.statements import shown_by_side, stated_by_side
from services.profile.prediction.unchosen_images import UnchosenImageReader, UnchosenImages
from shared.domain.element_weights import ElementWeights
from shared.domain.errors import Unavailable
from shared.domain.taste import Element, Taste
from shared.domain.user import User
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.subject_weight import SubjectWeight
from shared.domain.weights.weight_estimation import subject_share
from shared.domain.word_forms import NO_SYNONYMS, Synonyms
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.subject import MIN_TO_COMPARE, SubjectReferences, no_vectors
from shared.embedding.images.tenant_images import TenantImages
from shared.embedding.images.weighed_references import (
    LookScores,
    SeenImages,
    WeighedReferences,
    weigh_references,
)
from shared.embedding.protocol import Vectors
from shared.store.protocol import Reference, Side, StoredProfile

log = logging.getLogger(__name__)
SIDES: Final[tuple[Side, Side]] = ("liked", "disliked")
DECIMALS: Final = 4


@dataclass(frozen=True)
class Weights:
    """What a user goes by, and what shows it."""

    ranking: RankingWeights
    subject: SubjectWeight | None
    """The separations of likes and dislikes; None with fewer than three references on a side."""


@dataclass(frozen=True)
class PredictedTastes:
    """The words by which a user's images are scored, and which words count as the same."""

    tastes: Sequence[Taste]
    synonyms: Synonyms = NO_SYNONYMS


class WeightEvidence:
    """Weighs the six scores of a user by the references, and by images that were not chosen."""

    def __init__(
        self,
        encoded_images: EncodedImages,
        tenant_images: TenantImages,
        unchosen_images: UnchosenImageReader,
    ) -> None:
        self._encoded_images = encoded_images
        self._tenant_images = tenant_images
        self._unchosen_images = unchosen_images

    async def weights(
        self,
        user: User,
        references: Sequence[Reference],
        pixels: Mapping[str, Image],
        predicted: PredictedTastes,
        *,
        population: ElementWeights,
        model_version: str,
        stored: StoredProfile | None = None,
    ) -> Weights:
        """The weights of the six scores; the vectors of the references are stored for the ranking.

        `references` have their descriptions; `pixels` are the images in memory, by content hash.
        While the encoder or the store does not answer, the stored weights stay: a profile without
        new weights is better than none.
        """
        try:
            stored_vectors = await self._encoded_images.reference_vectors(references, pixels)
            vectors = await self._vectors(user, references, stored_vectors)
            unchosen = await self._unchosen_images.read(
                user, references, model_version=model_version
            )
            passed = await self._passed(unchosen)
        except Unavailable as error:
            log.warning("the weights of a user stay as they are: %s", error)
            return _stored_weights(stored, population)
        look = _look(references, list(unchosen.words.values()), predicted, unchosen.were_viewed)
        encoded = [r for r in references if r.content_hash in stored_vectors]
        seen = SeenImages(
            self._encoded_images.by_side(encoded, stored_vectors),
            _look(encoded, [unchosen.words[name] for name in passed], predicted, bool(passed)),
            stated_by_side(encoded),
            shown_by_side(encoded, unchosen.viewed),
            np.stack(list(passed.values())) if passed else no_vectors(),
        )
        weighed = weigh_references(vectors, look, population, seen=seen)
        return Weights(weighed.weights, _subject_weight(weighed, vectors))

    async def _vectors(
        self, user: User, references: Sequence[Reference], stored: Mapping[str, Vectors]
    ) -> SubjectReferences:
        """The vectors of the references; with other images where a side has too few."""
        vectors = self._encoded_images.by_side(references, stored)
        if min(len(vectors.liked), len(vectors.disliked)) >= MIN_TO_COMPARE:
            return vectors
        background = await self._tenant_images.vectors(
            user.tenant, without={reference.content_hash for reference in references}
        )
        return replace(vectors, background=background)

    async def _passed(self, unchosen: UnchosenImages) -> dict[str, Vectors]:
        """The vectors of images that the user viewed and did not choose, by content hash."""
        if not unchosen.were_viewed:
            return {}
        return await self._encoded_images.stored(list(unchosen.words))


def _subject_weight(weighed: WeighedReferences, vectors: SubjectReferences) -> SubjectWeight | None:
    separations = weighed.separations
    if separations is None or not vectors.are_enough:
        return None
    return SubjectWeight(
        weight=weighed.weights.subject,
        subject_separation=round(separations.subject, DECIMALS),
        look_separation=round(separations.look, DECIMALS),
    )


def _stored_weights(stored: StoredProfile | None, population: ElementWeights) -> Weights:
    if stored is not None and stored.ranking_weights is not None:
        return Weights(stored.ranking_weights, stored.subject_weight)
    return Weights(RankingWeights.of(population, subject=subject_share(None)), None)


def _look(
    references: Sequence[Reference],
    others: Sequence[Mapping[Element, tuple[str, ...]]],
    predicted: PredictedTastes,
    others_were_viewed: bool,
) -> LookScores:
    liked, disliked = (_words(references, side, predicted.synonyms) for side in SIDES)
    return LookScores.of_words(
        liked,
        disliked,
        predicted.tastes,
        others=[_unified(words, predicted.synonyms) for words in others],
        others_were_viewed=others_were_viewed,
    )


def _words(
    references: Sequence[Reference], side: Side, synonyms: Synonyms
) -> list[Mapping[Element, tuple[str, ...]]]:
    """The described words of the references of one side."""
    return [
        _unified(dict(reference.description.words) if reference.description else {}, synonyms)
        for reference in references
        if reference.side == side
    ]


def _unified(
    words: Mapping[Element, tuple[str, ...]], synonyms: Synonyms
) -> Mapping[Element, tuple[str, ...]]:
    return {element: synonyms.all_of(element, of_element) for element, of_element in words.items()}
