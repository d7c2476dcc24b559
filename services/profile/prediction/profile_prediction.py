"""Predict a taste from its references: groups, votes, and what later references show."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL.Image import Image

from services.profile.feedback.references import of_side
from services.profile.metrics import ProfileMetrics
from services.profile.prediction.drift_detection import since_changed
from services.profile.prediction.vote_weights import Heard, voices
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import Taste
from shared.images.loader import Loaded, LoadedImage
from shared.prompting.prediction_voting import groups, taste_by_vote
from shared.store.protocol import Reference, Shown
from shared.vlm.protocol import Description, References, VisionLanguageModel

log = logging.getLogger(__name__)


class Images(Protocol):
    """Loads many images by address."""

    async def load_many(self, uris: Sequence[str]) -> list[Loaded]: ...


@dataclass(frozen=True)
class Predicted:
    """A taste and the references that it rests on, with what they show where that was asked."""

    taste: Taste
    references: tuple[Reference, ...]


class Predicting:
    """Asks one model for everything that one taste needs.

    Predictions look at the first `per_side` references of each side.
    """

    def __init__(self, images: Images, metrics: ProfileMetrics, *, per_side: int = 20) -> None:
        self._images = images
        self._metrics = metrics
        self._per_side = per_side

    async def taste(self, references: Sequence[Reference], model: VisionLanguageModel) -> Predicted:
        """Each image is described once, and none while a single prediction says it all."""
        with self._metrics.prediction_seconds.time():
            sides = of_side(references, "liked"), of_side(references, "disliked")
            liked, disliked = [await self._seen(side[: self._per_side]) for side in sides]
            asked = groups(liked, disliked)
            new = []
            if len(asked) > 1:
                others = [one for side in sides for one in side[self._per_side :]]
                unknown = [one for one in others if not _is_described(one, model)]
                seen = [*liked, *disliked, *await self._seen(unknown)]
                new = [one for one in seen if not _is_described(one.reference, model)]
            predictions, descriptions = await asyncio.gather(
                model.predict([References(_images(up), _images(down)) for up, down in asked]),
                model.describe(_images(new)),
            )
        self._metrics.unreadable_answers.inc(sum(len(p.problems) for p in predictions))
        described = {
            one.reference.content_hash: _described(one.reference, found, model)
            for one, found in zip(new, descriptions, strict=True)
        }
        heard = [
            Heard(_latest(up, described), _latest(down, described), said)
            for (up, down), said in zip(asked, predictions, strict=True)
        ]
        kept = tuple(described.get(one.content_hash, one) for one in references)
        told = [one for one in kept if _is_described(one, model)]
        return Predicted(since_changed(told, taste_by_vote(predictions, voices(heard))), kept)

    async def _seen(self, references: Sequence[Reference]) -> "list[_Seen]":
        """One side's references without those that are gone: one lost file loses no profile."""
        found = await self._images.load_many([reference.uri for reference in references])
        lost = [one for one in found if isinstance(one, (Unprocessable, Unavailable))]
        for refusal in lost:
            log.warning("a reference is left out of a prediction: %s", refusal)
        self._metrics.lost_references.inc(len(lost))
        return [
            _Seen(one.pixels, reference)
            for one, reference in zip(found, references, strict=True)
            if isinstance(one, LoadedImage)
        ]


@dataclass(frozen=True)
class _Seen:
    """A reference and its image."""

    pixels: Image
    reference: Reference


def _is_described(reference: Reference, model: VisionLanguageModel) -> bool:
    return reference.shown is not None and reference.shown.model_version == model.model_version


def _described(reference: Reference, found: Description, model: VisionLanguageModel) -> Reference:
    shown = Shown(model_version=model.model_version, words=tuple(found.words.items()))
    return reference.model_copy(update={"shown": shown})


def _latest(seen: Sequence[_Seen], described: Mapping[str, Reference]) -> list[Reference]:
    return [described.get(one.reference.content_hash, one.reference) for one in seen]


def _images(seen: Sequence[_Seen]) -> tuple[Image, ...]:
    return tuple(one.pixels for one in seen)
