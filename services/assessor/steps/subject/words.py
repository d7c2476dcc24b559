"""Name what the images show, and apply the user's own corrections of subjects to the scores."""

from collections.abc import Mapping
from dataclasses import replace

from services.assessor.steps.optional_stage import optional_stage
from services.assessor.steps.scoring import with_reason
from services.assessor.steps.state import RankingState, ScoredImage
from services.assessor.steps.subject.encoding import vectors_of
from services.assessor.steps.subject.scoring import by_subject_alone, weights_of, with_subject
from shared.domain.subjects.corrections import NEUTRAL, StatedSubjects, SubjectScale
from shared.domain.subjects.words import ShownWord
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.images.encoded_images import EncodedImages

Words = Mapping[str, tuple[ShownWord, ...]]
"""The words of images by content hash."""


class NameSubjects:
    """The step after the subject's scores; without an encoder it changes nothing.

    A feed without it is complete: a deadline or an outage of the store fails nothing.
    """

    def __init__(self, encoded_images: EncodedImages | None) -> None:
        self._encoded_images = encoded_images

    async def __call__(self, state: RankingState) -> RankingState:
        encoded = self._encoded_images
        if encoded is None or not state.scored:
            return state
        stated = stated_subjects(state)
        named = await optional_stage(
            state,
            "subject",
            lambda: self._named(state, stated, encoded),
            without="a feed names no subjects",
        )
        return state if named is None else corrected(named, stated)

    async def _named(
        self, state: RankingState, stated: StatedSubjects, encoded: EncodedImages
    ) -> RankingState:
        """With the words of the images. Only for a stated subject are further images encoded."""
        images = {image.content_hash: image.loaded_candidate.image.pixels for image in state.scored}
        vectors = await vectors_of(state, images, encoded)
        if not stated.is_empty:
            missing = {name: images[name] for name in images if name not in vectors}
            vectors |= await encoded.vectors(missing) if missing else {}
            rated = await encoded.subject_probabilities(vectors, sorted(stated.words))
            state = replace(state, subject_probabilities=rated)
        return _with_words(state, await encoded.subject_words(vectors))


def stated_subjects(state: RankingState) -> StatedSubjects:
    """The subjects that the user pinned, wrote or vetoed."""
    corrections = state.profile.corrections if state.profile else None
    return StatedSubjects.of(corrections.entries if corrections else ())


def corrected(state: RankingState, stated: StatedSubjects) -> RankingState:
    """The state with the scores that the stated subjects give; the same if no image shows one."""
    scale = SubjectScale.of(state.subject_weight, stated)
    if scale.weight == 0 or not any(stated.decide(_words_of(image)) for image in state.scored):
        return state
    if all(image.elements is None for image in state.scored):
        # Without a taste there is no look, and the stated subjects alone decide.
        # Popularity orders only images of equal subjects, so the feed names no share of it.
        scored = tuple(_by_stated_subject(image, stated) for image in state.scored)
        weights = weights_of(state).with_subject(1.0)
        return _with_reason(
            replace(state, ranking_weights=weights, popularity_weight=None, scored=scored)
        )
    weights = weights_of(state).with_subject(scale.weight)
    scored = tuple(
        _corrected(image, stated, scale, weights)
        if image.elements is not None
        else _by_stated_subject(image, stated)
        if image.is_scored
        else image
        for image in state.scored
    )
    return _with_reason(replace(state, ranking_weights=weights, scored=scored))


def _with_reason(state: RankingState) -> RankingState:
    """The state; for a feed without the model with the reason for the order by stated subjects."""
    if state.outage is None:
        return state
    return with_reason(state, without_description="by their subjects")


def _with_words(state: RankingState, words: Words) -> RankingState:
    return replace(
        state,
        scored=tuple(
            image.with_fields(subject_words=words[image.content_hash])
            if image.content_hash in words
            else image
            for image in state.scored
        ),
    )


def _corrected(
    image: ScoredImage, stated: StatedSubjects, scale: SubjectScale, weights: RankingWeights
) -> ScoredImage:
    """The image with the subject score that the statement gives, by each taste of the user."""
    words = _words_of(image)

    def score(subject: float | None) -> float:
        return stated.score(scale.score(NEUTRAL if subject is None else subject), words)

    by_taste = {each.taste_id: score(each.subject) for each in image.by_taste if each.taste_id}
    scored = with_subject(image, score(image.subject), weights, by_taste=by_taste)
    return replace(scored, subject_words=image.subject_words)


def _by_stated_subject(image: ScoredImage, stated: StatedSubjects) -> ScoredImage:
    """An image without element scores, by the statement, or else by its known subject score."""
    known = NEUTRAL if image.subject is None else image.subject
    scored = by_subject_alone(image, [stated.score(known, _words_of(image))])
    return replace(scored, popularity=None)


def _words_of(image: ScoredImage) -> list[str]:
    return [shown.word for shown in image.subject_words]
