"""Add evidence to the best images: words and references of the user that explain their score."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from services.assessor.deadline import DeadlineReached
from services.assessor.steps.explanation import images_to_explain
from services.assessor.steps.state import RankingState, ScoredImage
from shared.domain.errors import Unavailable
from shared.domain.subjects.words import ShownWord
from shared.domain.taste import ELEMENTS, Element
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.reference_effects import SideEffects, reference_effects
from shared.embedding.protocol import Vectors
from shared.events import ItemEvidence
from shared.events.types.evidence import ReferenceSide
from shared.prompting.evidence.claims import KnownReference, SeenWord
from shared.prompting.evidence.evidence import evidence_of
from shared.prompting.evidence.seen_words import seen_subjects, seen_words
from shared.store.protocol import ImageStore, Reference

log = logging.getLogger(__name__)
SIDES: Final[tuple[ReferenceSide, ...]] = ("liked", "disliked")
Words = Mapping[str, Mapping[Element, tuple[str, ...]]]
"""The stored words of images by content hash."""
Subjects = Mapping[str, tuple[ShownWord, ...]]
"""The words for what images show, by content hash."""


@dataclass(frozen=True)
class Effect:
    """How one reference compares with one image."""

    similarity: float
    points: float
    """Points of the subject score that the reference adds."""
    resembles: bool
    """Whether the image resembles the reference."""


Effects = Mapping[tuple[str, ReferenceSide, str], Effect]
"""By the image's content hash, and the reference's side and content hash."""


class AddEvidence:
    """The step that adds evidence from what is stored; it calls no model.

    A feed without it is complete: a deadline or an outage of the store fails nothing.
    """

    def __init__(
        self, image_store: ImageStore, encoded_images: EncodedImages | None, *, top_k: int
    ) -> None:
        self._image_store = image_store
        self._encoded_images = encoded_images
        self._top_k = top_k

    async def __call__(self, state: RankingState) -> RankingState:
        if state.status != "ok" or state.profile is None or not state.profile.references:
            return state
        images = images_to_explain(state.ranked, explain=state.request.explain, top_k=self._top_k)
        if not images:
            return state
        references = state.profile.references
        try:
            with state.deadline.stage("evidence"):
                by_id = await state.deadline.run(lambda: self._evidence(state, images, references))
        except DeadlineReached:
            log.info("a feed has no evidence: the deadline was near")
            return state
        except Unavailable as error:
            log.warning("a feed has no evidence: %s", error)
            return state
        return replace(
            state,
            ranked=tuple(
                replace(image, evidence=by_id.get(image.image_id)) for image in state.ranked
            ),
        )

    async def _evidence(
        self, state: RankingState, images: Sequence[ScoredImage], references: Sequence[Reference]
    ) -> dict[str, ItemEvidence | None]:
        words = await self._words(state, images, references)
        effects: Effects = {}
        subjects: Subjects = {}
        if self._encoded_images and state.subject_weight:
            stored = await self._encoded_images.stored(_content_hashes(images, references))
            effects = await self._effects(self._encoded_images, state, images, stored)
            subjects = await self._encoded_images.subject_words(stored)
        shares = None
        if state.ranking_weights is not None:
            shares = {element.value: state.ranking_weights[element] for element in ELEMENTS}
        by_id = {}
        for image in images:
            known = [
                _known(
                    reference,
                    words,
                    subjects,
                    effects.get((image.content_hash, reference.side, reference.content_hash)),
                )
                for reference in references
            ]
            by_id[image.image_id] = evidence_of(
                _seen(image, words, subjects),
                known,
                subject_weight=state.subject_weight,
                element_shares=shares,
            )
        return by_id

    async def _words(
        self, state: RankingState, images: Sequence[ScoredImage], references: Sequence[Reference]
    ) -> Words:
        """The words that this model gave to the images and references; nothing is described now."""
        version = state.serving.model.model_version
        own = {
            reference.content_hash: dict(reference.description.words)
            for reference in references
            if reference.description and reference.description.model_version == version
        }
        hashes = _content_hashes(images, references)
        stored = await self._image_store.descriptions(
            content_hashes=[name for name in hashes if name not in own], model_version=version
        )
        return {name: image.description.words for name, image in stored.items()} | own

    async def _effects(
        self,
        encoded: EncodedImages,
        state: RankingState,
        images: Sequence[ScoredImage],
        stored: Mapping[str, Vectors],
    ) -> Effects:
        """What each reference adds to each image, by the taste that scored the image."""
        effects: Effects = {}
        for taste_id in {image.taste_id for image in images}:
            of_taste = [i.content_hash for i in images if i.taste_id == taste_id]
            names = [name for name in dict.fromkeys(of_taste) if name in stored]
            references = _references_of(state, taste_id)
            by_subject = replace(
                await encoded.references(references), background=state.subject_background
            )
            if names and by_subject.can_score:
                measured = reference_effects(by_subject, np.stack([stored[n] for n in names]))
                known = [reference for reference in references if reference.content_hash in stored]
                effects = {**effects, **_by_reference(names, known, measured)}
        return effects


def _references_of(state: RankingState, taste_id: str | None) -> list[Reference]:
    """The references that score an image of this taste: its likes, and all dislikes."""
    references = state.profile.references if state.profile else ()
    ids = next((t.reference_ids for t in state.joint_tastes if t.taste_id == taste_id), None)
    return [r for r in references if ids is None or r.side == "disliked" or r.image_id in ids]


def _by_reference(
    names: Sequence[str],
    references: Sequence[Reference],
    measured: tuple[SideEffects, SideEffects],
) -> Effects:
    return {
        (name, side, reference.content_hash): Effect(
            float(effects.similarity[row, column]),
            float(effects.points[row, column]),
            bool(effects.resembles[row, column]),
        )
        for side, effects in zip(SIDES, measured, strict=True)
        for row, name in enumerate(names)
        for column, reference in enumerate(r for r in references if r.side == side)
    }


def _content_hashes(images: Sequence[ScoredImage], references: Sequence[Reference]) -> list[str]:
    own = [image.content_hash for image in images]
    return list(dict.fromkeys([*own, *(reference.content_hash for reference in references)]))


def _seen(image: ScoredImage, words: Words, subjects: Subjects) -> tuple[SeenWord, ...]:
    """The words of the image: by its description, or else by its rationales."""
    if image.distributions is None:
        return ()
    return (
        *seen_words(image.distributions, words.get(image.content_hash, {}), image.rationales or {}),
        *seen_subjects(image.subject, subjects.get(image.content_hash, ())),
    )


def _known(
    reference: Reference, words: Words, subjects: Subjects, effect: Effect | None
) -> KnownReference:
    described = words.get(reference.content_hash, {})
    shown = subjects.get(reference.content_hash, ())
    return KnownReference(
        reference.image_id,
        reference.side,
        {
            **{element.value: named for element, named in described.items()},
            "subject": tuple(word.word for word in shown),
        },
        similarity=effect.similarity if effect else None,
        effect=effect.points if effect else None,
        resembles=effect is not None and effect.resembles,
    )
