"""Score an image by each of a user's joint tastes, and keep the score of the best one."""

from collections.abc import Sequence
from dataclasses import replace

from services.assessor.steps.state import ScoredImage
from shared.domain.joint_tastes import JointTaste


def best_by_taste(scored: Sequence[ScoredImage], tastes: Sequence[JointTaste]) -> ScoredImage:
    """One image, scored by each taste in order, with the scores of the taste that it fits best.

    Of equal totals the first taste counts, which has the most references. The scores by the other
    tastes stay with the image: the subject may change which taste is best. Without joint tastes
    there is one score, and it is returned as it is.
    """
    if not tastes:
        return scored[0]
    by_taste = tuple(
        replace(image, taste_id=taste.taste_id) for image, taste in zip(scored, tastes, strict=True)
    )
    return best_of(by_taste)


def best_of(by_taste: Sequence[ScoredImage]) -> ScoredImage:
    """The scores with the highest total."""
    best = max(by_taste, key=lambda image: image.ranking_total)
    return replace(best, by_taste=tuple(by_taste))
