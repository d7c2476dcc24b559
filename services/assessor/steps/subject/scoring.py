"""Score what the images show, and weigh it against their look by what the user goes by."""

from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from services.assessor.steps.joint_tastes import best_of
from services.assessor.steps.optional_stage import optional_stage
from services.assessor.steps.scoring import DECIMALS, with_reason
from services.assessor.steps.state import RankingState, ScoredImage
from shared.domain.corrections import stated_elements
from shared.domain.element_weights import MAX_SCORE
from shared.domain.joint_tastes import JointTaste
from shared.domain.weights.ranking_weights import MAX_TOTAL, RankingWeights
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.subject import SubjectReferences, no_vectors
from shared.embedding.images.tenant_images import TenantImages
from shared.embedding.protocol import Vectors
from shared.store.protocol import ImageStore, Reference, StoredProfile

Subjects = Mapping[str, float]
"""Subject scores, 0-5, by content hash."""
NO_TASTES: Final[Mapping[str, float]] = {}
LATE_MS: Final = 100.0
"""Time for the subject after the deadline, for a feed that has vectors and no scores of the model:
the read of the tenant's images. `deadline_margin_ms` leaves as much."""
ENOUGH_BACKGROUND: Final = 16
"""Images of the tenant from which the candidates themselves are no part of the background."""


class ScoreSubject:
    """The step that adds the subject to the scores; without an encoder it changes nothing.

    A feed without it is ranked by its look: a deadline or an outage of the store fails nothing.
    Without the model, an image that has no description is ranked by the subject alone: after the
    deadline only where the vectors are complete.
    """

    def __init__(self, encoded_images: EncodedImages | None, image_store: ImageStore) -> None:
        self._encoded_images = encoded_images
        self._tenant_images = TenantImages(encoded_images, image_store) if encoded_images else None

    async def __call__(self, state: RankingState) -> RankingState:
        encoded, tenant_images, profile = self._encoded_images, self._tenant_images, state.profile
        if encoded is None or tenant_images is None or profile is None:
            return state
        encoding = state.encoding
        if encoding is None or not _comparable(state):
            return state
        scored = await optional_stage(
            state,
            "subject",
            lambda: _with_subject(state, profile, encoding, encoded, tenant_images),
            without="the subject does not count in a feed",
            least_ms=LATE_MS if state.outage is not None and has_vectors(state) else 0.0,
        )
        if scored is None:
            return state
        return with_reason(scored) if scored.outage else scored


def has_vectors(state: RankingState) -> bool:
    """Whether `encoding` ended without an error."""
    encoding = state.encoding
    if encoding is None or not encoding.done() or encoding.cancelled():
        return False
    return encoding.exception() is None


async def _with_subject(
    state: RankingState,
    profile: StoredProfile,
    encoding: Awaitable[Mapping[str, Vectors]],
    encoded: EncodedImages,
    tenant_images: TenantImages,
) -> RankingState:
    # Not shielded: a feed that gives up starts no more batches. Those in work are stored.
    known = await encoding
    state = replace(state, image_vectors=known)
    hashes = dict.fromkeys(image.content_hash for image in _comparable(state))
    vectors = {name: known[name] for name in hashes if name in known}
    references = encoded.by_side(profile.references, known)
    if not vectors or not len(references.liked) + len(references.disliked):
        return state
    background = no_vectors()
    if not references.are_enough:
        own = {reference.content_hash for reference in profile.references}
        background = _background(
            await tenant_images.vectors(profile.tenant, without=own), vectors, without=own
        )
    subjects = _scores(replace(references, background=background), vectors)
    if subjects is None:
        return state
    by_taste = {}
    for taste in state.joint_tastes:
        of_taste = encoded.by_side(_references_of(taste, profile), known)
        scores = _scores(replace(of_taste, background=background), vectors)
        if scores is not None:
            by_taste[taste.taste_id] = scores
    return replace(_scored(state, subjects, by_taste), subject_background=background)


def _references_of(taste: JointTaste, profile: StoredProfile) -> list[Reference]:
    """The liked references of one taste and all disliked ones."""
    return [
        reference
        for reference in profile.references
        if reference.side == "disliked" or reference.image_id in taste.reference_ids
    ]


def _scores(references: SubjectReferences, vectors: Mapping[str, Vectors]) -> Subjects | None:
    """Scores by content hash; None where the references do not suffice."""
    if not references.can_score:
        return None
    scores = references.scores(np.stack(list(vectors.values())))
    return dict(zip(vectors, map(float, scores), strict=True))


def _background(
    tenant_images: Vectors, candidates: Mapping[str, Vectors], *, without: Collection[str]
) -> Vectors:
    """The tenant's other images; while few are known, together with the candidates.

    `without` are the content hashes of the references.
    """
    if len(tenant_images) >= ENOUGH_BACKGROUND:
        return tenant_images
    shown = [vector for name, vector in candidates.items() if name not in without]
    rows = [*tenant_images, *shown]
    return np.stack(rows) if rows else tenant_images


def stored_weights(profile: StoredProfile, state: RankingState) -> RankingWeights | None:
    """The user's weights; a profile of an earlier version has only that of the subject."""
    if profile.ranking_weights is not None or profile.subject_weight is None:
        return profile.ranking_weights
    elements = state.serving.model.element_weights
    return RankingWeights.of(elements, subject=profile.subject_weight.weight)


def weights_of(state: RankingState) -> RankingWeights:
    """The weights by which a request is ranked, or would be with the subject.

    An element of which the user has pinned or written a word counts enough to move images.
    """
    profile = state.profile
    stored = stored_weights(profile, state) if profile else None
    weights = state.ranking_weights or stored
    weights = weights or RankingWeights.of(state.serving.model.element_weights, subject=0.0)
    entries = profile.corrections.entries if profile and profile.corrections else ()
    return weights.with_stated(stated_elements(entries))


def with_subject(
    image: ScoredImage,
    subject: float,
    weights: RankingWeights,
    *,
    by_taste: Mapping[str, float] = NO_TASTES,
) -> ScoredImage:
    """The image with its subject score, 0-5, and the total of look and subject, 0-25.

    `by_taste` has the subject score by each of the user's joint tastes, where they differ. The
    subject may change which taste is the best one.
    """
    if image.by_taste:
        scores = [by_taste.get(each.taste_id or "", subject) for each in image.by_taste]
        return best_of(
            [
                _with_total(each, score, weights)
                for each, score in zip(image.by_taste, scores, strict=True)
            ]
        )
    return _with_total(image, subject, weights)


def _with_total(image: ScoredImage, subject: float, weights: RankingWeights) -> ScoredImage:
    if image.elements is None:
        return image
    return image.with_fields(
        subject=round(subject, DECIMALS),
        total_with_subject=round(weights.total(image.elements, subject), DECIMALS),
    )


def by_subject_alone(image: ScoredImage, subjects: Sequence[float]) -> ScoredImage:
    """An image without element scores, by the taste that it resembles most."""
    subject = round(max(subjects), DECIMALS)
    total = round(MAX_TOTAL / MAX_SCORE * subject, DECIMALS)
    return replace(image, tier="embedding", subject=subject, total_with_subject=total)


def _comparable(state: RankingState) -> list[ScoredImage]:
    """The images that get a subject score: those with element scores, and without the model all."""
    is_degraded = state.outage is not None
    return [image for image in state.scored if is_degraded or image.elements is not None]


def _scored(
    state: RankingState, subjects: Subjects, by_taste: Mapping[str, Subjects]
) -> RankingState:
    """The state with the subject scores of images, of all references and of each joint taste.

    An image that the encoder cannot read has no score and is ranked by its look.
    """
    weights = weights_of(state)

    def scored(image: ScoredImage) -> ScoredImage:
        if image.content_hash not in subjects:
            return image
        of_tastes = {taste: scores[image.content_hash] for taste, scores in by_taste.items()}
        if image.elements is None:
            return by_subject_alone(image, [*of_tastes.values()] or [subjects[image.content_hash]])
        return with_subject(image, subjects[image.content_hash], weights, by_taste=of_tastes)

    return replace(
        state, ranking_weights=weights, scored=tuple(scored(image) for image in state.scored)
    )
