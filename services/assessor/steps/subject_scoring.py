"""Score what the images show, and weigh it against their look as the user's references do."""

import logging
from dataclasses import replace

import numpy as np

from services.assessor.deadline import DeadlineReached
from services.assessor.steps.scoring import DECIMALS
from services.assessor.steps.state import RankingState, ScoredImage
from shared.domain.errors import Unavailable
from shared.domain.subject_weight import total_with_subject
from shared.embedding.images.encoded_images import EncodedImages

log = logging.getLogger(__name__)


class ScoreSubject:
    """The step that adds the subject to the scores; without an encoder it changes nothing.

    A feed without it is ranked by its look: a deadline or an outage of the store fails nothing.
    """

    def __init__(self, encoded_images: EncodedImages | None) -> None:
        self._encoded_images = encoded_images

    async def __call__(self, state: RankingState) -> RankingState:
        encoded, profile = self._encoded_images, state.profile
        scored = [image for image in state.scored if image.elements is not None]
        if encoded is None or profile is None or profile.subject_weight is None or not scored:
            return state
        try:
            with state.deadline.stage("subject"):
                return await state.deadline.run(lambda: self._with_subject(state, scored, encoded))
        except DeadlineReached:
            log.info("the subject does not count in a feed: the deadline was near")
        except Unavailable as error:
            log.warning("the subject does not count in a feed: %s", error)
        return state

    async def _with_subject(
        self, state: RankingState, scored: list[ScoredImage], encoded: EncodedImages
    ) -> RankingState:
        assert state.profile is not None
        assert state.profile.subject_weight is not None
        references = await encoded.references(state.profile.references)
        if not references.are_enough:
            return state
        weight = state.profile.subject_weight.weight
        vectors = await encoded.vectors(
            {image.content_hash: image.loaded_candidate.image.pixels for image in scored}
        )
        if not vectors:
            return state
        subjects = dict(
            zip(vectors, references.scores(np.stack(list(vectors.values()))), strict=True)
        )
        return replace(
            state,
            subject_weight=weight,
            scored=tuple(
                image
                # An image that the encoder cannot read has no vector and is ranked by its look.
                if image.elements is None or image.content_hash not in subjects
                else with_subject(image, float(subjects[image.content_hash]), weight)
                for image in state.scored
            ),
        )


def with_subject(image: ScoredImage, subject: float, weight: float) -> ScoredImage:
    """The image with its subject score, 0-5, and the total of look and subject, 0-25."""
    return replace(
        image,
        subject=round(subject, DECIMALS),
        total_with_subject=round(total_with_subject(image.total, subject, weight), DECIMALS),
    )
