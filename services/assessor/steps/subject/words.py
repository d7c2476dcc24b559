"""Name what the images show, and apply the user's own corrections of subjects to the scores."""

from collections.abc import Mapping
from dataclasses import replace

from services.assessor.steps.optional_stage import optional_stage
from services.assessor.steps.state import RankingState, ScoredImage
from services.assessor.steps.subject.encoding import vectors_of
from services.assessor.steps.subject.scoring import weights_of, with_subject
from shared.domain.subjects.corrections import MAX_SCORE, NEUTRAL, StatedSubjects, SubjectScale
from shared.domain.subjects.words import ShownWord
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.images.encoded_images import EncodedImages

Words = Mapping[str, tuple[ShownWord, ...]]
"""The words of images by content hash."""
MAX_TOTAL = 25.0


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
        words = await optional_stage(
            state,
            "subject",
            lambda: self._words(state, stated, encoded),
            without="a feed names no subjects",
        )
        return state if words is None else corrected(_named(state, words), stated)

    async def _words(
        self, state: RankingState, stated: StatedSubjects, encoded: EncodedImages
    ) -> Words:
        """The words of the images. Only for a stated subject are further images encoded."""
        images = {image.content_hash: image.loaded_candidate.image.pixels for image in state.scored}
        vectors = await vectors_of(state, images, encoded)
        if not stated.is_empty:
            missing = {name: images[name] for name in images if name not in vectors}
            vectors |= await encoded.vectors(missing) if missing else {}
        return await encoded.subject_words(vectors)


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
        scored = tuple(_by_subject_alone(image, stated) for image in state.scored)
        return replace(state, ranking_weights=weights_of(state).with_subject(1.0), scored=scored)
    weights = weights_of(state).with_subject(scale.weight)
    scored = tuple(
        _corrected(image, stated, scale, weights)
        if image.elements is not None
        else _by_subject_alone(image, stated)
        if image.is_scored
        else image
        for image in state.scored
    )
    return replace(state, ranking_weights=weights, scored=scored)


def _named(state: RankingState, words: Words) -> RankingState:
    return replace(
        state,
        scored=tuple(
            replace(image, subject_words=words.get(image.content_hash, ()))
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


def _by_subject_alone(image: ScoredImage, stated: StatedSubjects) -> ScoredImage:
    known = NEUTRAL if image.subject is None else image.subject
    subject = stated.score(known, _words_of(image))
    return replace(image, subject=subject, total_with_subject=MAX_TOTAL / MAX_SCORE * subject)


def _words_of(image: ScoredImage) -> list[str]:
    return [shown.word for shown in image.subject_words]
