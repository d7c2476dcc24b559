"""Predict a profile from references: group, predict, weight, vote, detect drift."""

import asyncio
import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL.Image import Image

from services.profile.metrics import ProfileMetrics
from services.profile.prediction.base_rates import UNKNOWN_BASE_RATES, BaseRates
from services.profile.prediction.bulkhead import Bulkhead
from services.profile.prediction.drift_detection import detect_drift
from services.profile.prediction.joint.alternation import returns_to_a_taste
from services.profile.prediction.joint.joint_tastes import JointTastes, ReferenceImage
from services.profile.prediction.statements import stated_taste, with_stated_words
from services.profile.prediction.thoughts import joined_thoughts
from services.profile.prediction.unified_words import (
    unified_references,
    unified_taste,
    words_in_use,
)
from services.profile.prediction.vote_weights import GroupPrediction, vote_weights
from services.profile.prediction.weight_evidence import PredictedTastes, WeightEvidence, Weights
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import Taste
from shared.domain.user import User
from shared.domain.word_forms import NO_SYNONYMS, Synonyms
from shared.embedding.near_synonyms import near_synonyms
from shared.embedding.protocol import Embedder
from shared.images.loader import LoadedImage, LoadResult
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.store.protocol import Reference, ReferenceDescription, StatedTaste, StoredProfile
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    References,
    VisionLanguageModel,
)

log = logging.getLogger(__name__)


class ImageBatchLoader(Protocol):
    """Loads many images by address within a time."""

    async def load_many(
        self,
        uris: Sequence[str],
        *,
        within_seconds: float | None = None,
        requester: Hashable | None = None,
    ) -> list[LoadResult]: ...


@dataclass(frozen=True)
class Prediction:
    """A predicted taste and all references, with the descriptions that the prediction needed."""

    taste: Taste
    references: tuple[Reference, ...]
    weights: Weights | None = None
    """What the user goes by; None where subjects do not count."""
    stated: StatedTaste | None = None
    """The taste that the stated references give alone."""
    synonyms: Synonyms = NO_SYNONYMS
    """The near-synonyms that counted as one word."""
    joint_tastes: tuple[JointTaste, ...] = ()
    """The tastes of a user with several; empty for a user with one taste."""
    thoughts: str = ""
    """The model's chain of thought, for people to read."""


@dataclass(frozen=True)
class _ReferenceImage:
    """A reference and its loaded image."""

    pixels: Image
    reference: Reference


_Group = tuple[Sequence[_ReferenceImage], Sequence[_ReferenceImage]]
"""Liked and disliked images of one prediction."""


class ProfilePredictor:
    """Predict a profile with one model.

    The model predicts from the first `per_side` references of each side; the drift detection
    reads the descriptions of all.
    """

    def __init__(
        self,
        image_loader: ImageBatchLoader,
        metrics: ProfileMetrics,
        bulkhead: Bulkhead,
        *,
        per_side: int = 20,
        image_seconds: float = 10.0,
        weight_evidence: WeightEvidence | None = None,
        embedder: Embedder | None = None,
        joint_tastes: JointTastes | None = None,
    ) -> None:
        self._joint_tastes = joint_tastes
        self._weight_evidence = weight_evidence
        self._embedder = embedder
        self._image_loader = image_loader
        self._metrics = metrics
        self._bulkhead = bulkhead
        self._per_side = per_side
        self._image_seconds = image_seconds

    async def predict(
        self,
        references: Sequence[Reference],
        model: VisionLanguageModel,
        *,
        requester: User | None = None,
        base_rates: BaseRates = UNKNOWN_BASE_RATES,
        stored: StoredProfile | None = None,
    ) -> Prediction:
        """Predict the taste of the references; raises `Unavailable` as the model does.

        `requester` is the user, for the image loader and the weights; `base_rates` are the words of
        the images that the user could choose from, for the drift detection. `stored` has the
        corrections, the taste that the user has stated, and the weights so far.
        """
        async with self._bulkhead.place() as place:
            with self._metrics.prediction_seconds.time():
                with place.waiting():
                    groups, new = await self._load_groups(references, model, requester)
                return await self._predict(
                    references, groups, new, model, base_rates, stored, requester
                )

    async def _predict(
        self,
        references: Sequence[Reference],
        groups: Sequence[_Group],
        new: Sequence[_ReferenceImage],
        model: VisionLanguageModel,
        base_rates: BaseRates,
        stored: StoredProfile | None,
        requester: User | None,
    ) -> Prediction:
        predicted, descriptions = await asyncio.gather(
            model.predict(
                [References(_pixels(liked), _pixels(disliked)) for liked, disliked in groups]
            ),
            model.describe(_pixels(new)),
        )
        self._metrics.unreadable_answers.inc(sum(len(taste.problems) for taste in predicted))
        described = {
            image.reference.content_hash: _with_description(image.reference, description, model)
            for image, description in zip(new, descriptions, strict=True)
        }
        current = tuple(described.get(r.content_hash, r) for r in references)
        synonyms = await self._synonyms(predicted, current, base_rates, stored)
        unified = [
            GroupPrediction(
                unified_references(_current(liked, described), synonyms),
                unified_references(_current(disliked, described), synonyms),
                unified_taste(taste, synonyms),
            )
            for (liked, disliked), taste in zip(groups, predicted, strict=True)
        ]
        voted = taste_by_vote([group.predicted for group in unified], vote_weights(unified))
        known = stored.stated_taste if stored else None
        voted = with_stated_words(
            voted,
            stated_taste(unified, taste=voted, model_version=model.model_version, known=known),
            unified_references(current, synonyms),
            synonyms,
        )
        # The words of one group are predicted together: no earlier group can have drifted.
        evidence = [r for r in current if _is_described(r, model)] if len(groups) > 1 else []
        taste = detect_drift(
            unified_references(evidence, synonyms), voted, base_rates.unified(synonyms)
        )
        joint = await self._joint(unified, groups, model, base_rates, synonyms, stored)
        if taste != voted:
            # After a drift the earlier likes are no taste of today. A user with several tastes who
            # likes images of one taste alone for an evening has not drifted.
            returns = returns_to_a_taste(joint, current)
            taste, joint = (voted, joint) if returns else (taste, ())
        tastes = PredictedTastes([each.taste for each in joint] or [taste], synonyms)
        return Prediction(
            taste,
            current,
            await self._weights(groups, current, tastes, model, requester, stored),
            stated_taste(unified, taste=taste, model_version=model.model_version, known=known),
            synonyms,
            joint,
            joined_thoughts(predicted),
        )

    async def _joint(
        self,
        unified: Sequence[GroupPrediction],
        groups: Sequence[_Group],
        model: VisionLanguageModel,
        base_rates: BaseRates,
        synonyms: Synonyms,
        stored: StoredProfile | None,
    ) -> tuple[JointTaste, ...]:
        if self._joint_tastes is None:
            return ()
        # A group may repeat references of the shorter side.
        liked, disliked = (
            {
                reference.content_hash: ReferenceImage(reference, image.pixels)
                for predicted, images in zip(unified, groups, strict=True)
                for reference, image in zip(
                    (predicted.liked, predicted.disliked)[side], images[side], strict=True
                )
            }
            for side in (0, 1)
        )
        return await self._joint_tastes.predict(
            list(liked.values()),
            list(disliked.values()),
            model,
            known=stored.predicted_tastes if stored else (),
            base_rates=base_rates.unified(synonyms),
            synonyms=synonyms,
        )

    async def _synonyms(
        self,
        predicted: Sequence[PredictedTaste],
        references: Sequence[Reference],
        base_rates: BaseRates,
        stored: StoredProfile | None,
    ) -> Synonyms:
        if self._embedder is None:
            return NO_SYNONYMS
        corrections = stored.corrections.entries if stored and stored.corrections else ()
        words = words_in_use(predicted, references, corrections, base_rates)
        return await near_synonyms(words, self._embedder)

    async def _weights(
        self,
        groups: Sequence[_Group],
        references: Sequence[Reference],
        tastes: PredictedTastes,
        model: VisionLanguageModel,
        requester: User | None,
        stored: StoredProfile | None,
    ) -> Weights | None:
        if self._weight_evidence is None or requester is None:
            return None
        images = (image for liked, disliked in groups for image in (*liked, *disliked))
        return await self._weight_evidence.weights(
            requester,
            references,
            {image.reference.content_hash: image.pixels for image in images},
            tastes,
            population=model.element_weights,
            model_version=model.model_version,
            stored=stored,
        )

    async def _load_groups(
        self,
        references: Sequence[Reference],
        model: VisionLanguageModel,
        requester: Hashable | None,
    ) -> tuple[list[_Group], list[_ReferenceImage]]:
        """The groups to predict from, and the images to describe: each image once.

        The votes of several groups and the evidence of a feed need the words of the references.
        """
        sides = [[r for r in references if r.side == side] for side in ("liked", "disliked")]
        liked, disliked = await asyncio.gather(
            *(self._load(side[: self._per_side], requester) for side in sides)
        )
        groups = reference_groups(liked, disliked)
        others = [r for side in sides for r in side[self._per_side :]]
        missing = await self._load([r for r in others if not _is_described(r, model)], requester)
        loaded = [*liked, *disliked, *missing]
        return groups, [image for image in loaded if not _is_described(image.reference, model)]

    async def _load(
        self, references: Sequence[Reference], requester: Hashable | None
    ) -> list[_ReferenceImage]:
        """Load the images; an image that cannot be loaded is logged, counted and left out."""
        results = await self._image_loader.load_many(
            [reference.uri for reference in references],
            within_seconds=self._image_seconds,
            requester=requester,
        )
        errors = [r for r in results if isinstance(r, (Unprocessable, Unavailable))]
        for error in errors:
            log.warning("a reference is left out of a prediction: %s", error)
        self._metrics.lost_references.inc(len(errors))
        return [
            _ReferenceImage(result.pixels, reference)
            for result, reference in zip(results, references, strict=True)
            if isinstance(result, LoadedImage)
        ]


def _is_described(reference: Reference, model: VisionLanguageModel) -> bool:
    description = reference.description
    return description is not None and description.model_version == model.model_version


def _with_description(
    reference: Reference, description: Description, model: VisionLanguageModel
) -> Reference:
    stored = ReferenceDescription(
        model_version=model.model_version,
        words=tuple(description.words.items()),
        subject=description.subject,
    )
    return reference.model_copy(update={"description": stored})


def _current(
    images: Sequence[_ReferenceImage], described: Mapping[str, Reference]
) -> list[Reference]:
    """The images' references, with their new descriptions."""
    return [described.get(i.reference.content_hash, i.reference) for i in images]


def _pixels(images: Sequence[_ReferenceImage]) -> tuple[Image, ...]:
    return tuple(image.pixels for image in images)
