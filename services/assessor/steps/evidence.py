"""Add evidence to the best images: words and references of the user that explain their score."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from services.assessor.steps.explanation import images_to_explain
from services.assessor.steps.optional_stage import optional_stage
from services.assessor.steps.state import RankingState, ScoredImage
from services.assessor.steps.subject.encoding import vectors_of
from shared.domain.subjects.words import ShownWord
from shared.domain.taste import ELEMENTS, Element
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.protocol import Vectors
from shared.events import ItemEvidence
from shared.prompting.evidence.claims import KnownReference, SeenWord
from shared.prompting.evidence.comparison import SIDES, Comparison, compare
from shared.prompting.evidence.evidence import evidence_of
from shared.prompting.evidence.seen_words import seen_subjects, seen_words
from shared.store.protocol import ImageStore, Reference

Words = Mapping[str, Mapping[Element, tuple[str, ...]]]
"""The stored words of images by content hash."""
Subjects = Mapping[str, tuple[ShownWord, ...]]
"""The words for what images show, by content hash."""


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
        by_id = await optional_stage(
            state,
            "evidence",
            lambda: self._evidence(state, images, references),
            without="a feed has no evidence",
        )
        if by_id is None:
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
        comparisons: Mapping[str, Comparison] = {}
        subjects: Subjects = {}
        if self._encoded_images and state.subject_weight:
            hashes = _content_hashes(images, references)
            vectors = await vectors_of(state, hashes, self._encoded_images)
            comparisons = await self._comparisons(self._encoded_images, state, images, vectors)
            subjects = await self._encoded_images.subject_words(vectors)
        shares = None
        if state.ranking_weights is not None:
            shares = {element.value: state.ranking_weights[element] for element in ELEMENTS}

        def of_image(image: ScoredImage) -> ItemEvidence | None:
            comparison = comparisons.get(image.content_hash)
            return evidence_of(
                _seen(image, words, subjects, references, comparison),
                [_known(reference, words, subjects, comparison) for reference in references],
                subject_weight=state.subject_weight,
                element_shares=shares,
            )

        # In a thread: 300 images and 80 references take half a second.
        return await asyncio.to_thread(
            lambda: {image.image_id: of_image(image) for image in images}
        )

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

    async def _comparisons(
        self,
        encoded: EncodedImages,
        state: RankingState,
        images: Sequence[ScoredImage],
        stored: Mapping[str, Vectors],
    ) -> dict[str, Comparison]:
        """By the content hash of the image, with the references of the taste that scored it."""
        comparisons: dict[str, Comparison] = {}
        for taste_id in {image.taste_id for image in images}:
            own = [image.content_hash for image in images if image.taste_id == taste_id]
            hashes = [name for name in dict.fromkeys(own) if name in stored]
            references = _references_of(state, taste_id)
            by_subject = replace(
                encoded.by_side(references, stored), background=state.subject_background
            )
            if hashes and by_subject.can_score:
                names = {
                    side: [
                        r.content_hash
                        for r in references
                        if r.side == side and r.content_hash in stored
                    ]
                    for side in SIDES
                }
                vectors = np.stack([stored[name] for name in hashes])
                compared = await asyncio.to_thread(compare, by_subject, names, vectors)
                comparisons |= dict(zip(hashes, compared, strict=True))
        return comparisons


def _references_of(state: RankingState, taste_id: str | None) -> list[Reference]:
    """The references that score an image of this taste: its likes, and all dislikes."""
    references = state.profile.references if state.profile else ()
    ids = next((t.reference_ids for t in state.joint_tastes if t.taste_id == taste_id), None)
    return [r for r in references if ids is None or r.side == "disliked" or r.image_id in ids]


def _content_hashes(images: Sequence[ScoredImage], references: Sequence[Reference]) -> list[str]:
    own = [image.content_hash for image in images]
    return list(dict.fromkeys([*own, *(reference.content_hash for reference in references)]))


def _seen(
    image: ScoredImage,
    words: Words,
    subjects: Subjects,
    references: Sequence[Reference],
    comparison: Comparison | None,
) -> tuple[SeenWord, ...]:
    """The words of the image: by its description, or else by its rationales."""
    if image.distributions is None:
        return ()
    words_of = {
        side: {
            reference.content_hash: subjects.get(reference.content_hash, ())
            for reference in references
            if reference.side == side
        }
        for side in SIDES
    }
    shown = subjects.get(image.content_hash, ())
    return (
        *seen_words(image.distributions, words.get(image.content_hash, {}), image.rationales or {}),
        *seen_subjects(image.subject, shown, comparison, words_of),
    )


def _known(
    reference: Reference, words: Words, subjects: Subjects, comparison: Comparison | None
) -> KnownReference:
    described = words.get(reference.content_hash, {})
    shown = subjects.get(reference.content_hash, ())
    key = (reference.side, reference.content_hash)
    effect = comparison.effects.get(key) if comparison else None
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
