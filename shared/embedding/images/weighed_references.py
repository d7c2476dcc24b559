"""Weigh the six scores of a user by references, and by images that the user did not choose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from shared.domain.element_weights import SUM, ElementWeights
from shared.domain.taste import Taste
from shared.domain.weights.feed_choices import ShownImages, share_by_choices
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.weight_estimation import (
    Floats,
    Mask,
    ScoredImages,
    Separations,
    own_element_weights,
    subject_share,
)
from shared.domain.weights.word_scores import (
    ShownWords,
    known_share,
    reference_scores,
    word_scores,
)
from shared.embedding.images.subject import (
    MIN_REFERENCES,
    MIN_TO_COMPARE,
    SubjectReferences,
    separation,
)
from shared.embedding.protocol import Vectors

MIN_OTHERS: Final = 8
"""Other images with which a user's only side is compared."""
SUBJECT_DEVIATION: Final = 0.05
"""Deviation of the affinities within a side, which counts as four images."""
LOOK_DEVIATION: Final = 0.75
"""The same for the look, 0-5. It is wide: the words were predicted from the references, so some of
them separate a few references by chance. An element that separates nearly all of them, or several
elements together, outweigh it."""


@dataclass(frozen=True)
class LookScores:
    """Element scores of a user's images, (images, 5) each, 0-5, every reference without itself."""

    liked: Floats
    disliked: Floats
    others: Floats
    """Images that the user did not choose."""
    others_were_viewed: bool = False
    """Whether the user saw the others; else they are a sample of what the tenant has."""
    known: float = 1.0
    """The share of the elements for which the references have words, 0-1."""

    @classmethod
    def of_words(
        cls,
        liked: Sequence[ShownWords],
        disliked: Sequence[ShownWords],
        tastes: Sequence[Taste],
        *,
        others: Sequence[ShownWords] = (),
        others_were_viewed: bool = False,
    ) -> Self:
        """The scores by whether each image shows the words of the tastes."""
        return cls(
            *reference_scores(liked, disliked, tastes),
            others=word_scores(others, tastes),
            others_were_viewed=others_were_viewed,
            known=known_share([*liked, *disliked]),
        )


@dataclass(frozen=True)
class SeenImages:
    """A user's references by where they come from, and what the user passed over in feeds."""

    vectors: SubjectReferences
    look: LookScores
    """Of the same images in the same order."""
    stated: tuple[Mask, Mask]
    """Which of the liked and of the disliked ones the user stated independently of any feed."""
    shown: tuple[Mask, Mask]
    """Which of them feeds showed at the time of the images passed over; none that is stated."""
    passed: Vectors
    """Of the images of `look.others`. (images, dimension)"""

    @property
    def can_tell(self) -> bool:
        """Whether the stated references give a share, and feeds showed enough beside them."""
        fewest = min(int(stated.sum()) for stated in self.stated)
        return fewest >= MIN_REFERENCES and len(self.passed) >= MIN_OTHERS


@dataclass(frozen=True)
class WeighedReferences:
    """What a user goes by, and the separations that show it, where they can be measured."""

    weights: RankingWeights
    separations: Separations | None


def weigh_references(
    vectors: SubjectReferences,
    look: LookScores,
    population: ElementWeights,
    *,
    seen: SeenImages | None = None,
) -> WeighedReferences:
    """The weights of the six scores, from the population's and what separates the references.

    With `seen` images that can tell, the share of the subject starts at what separates the stated
    references, and moves by the choices in feeds.
    """
    separations = _separations(vectors, look, population)
    if separations is not None:
        separations = replace(separations, known_look=look.known)
    elements = own_element_weights(_scored_images(look), population)
    if seen is None or not seen.can_tell:
        return WeighedReferences(
            RankingWeights.of(elements, subject=subject_share(separations)), separations
        )
    stated = _stated_separations(seen, population)
    share = share_by_choices(subject_share(stated), _shown_images(seen, population))
    return WeighedReferences(RankingWeights.of(elements, subject=share), stated)


def _stated_separations(seen: SeenImages, population: ElementWeights) -> Separations:
    """How far the stated references alone are apart."""
    weights = np.array(population.in_order) / SUM
    is_liked, is_disliked = seen.stated
    by_subject = SubjectReferences(
        seen.vectors.liked[is_liked], seen.vectors.disliked[is_disliked]
    ).left_out()
    looks = zip((seen.look.liked, seen.look.disliked), seen.stated, strict=True)
    by_look = [scores[stated] @ weights for scores, stated in looks]
    return Separations(
        separation(*by_subject, prior_deviation=SUBJECT_DEVIATION),
        separation(*by_look, prior_deviation=LOOK_DEVIATION),
        min(map(len, by_subject)),
        known_look=seen.look.known,
    )


def _shown_images(seen: SeenImages, population: ElementWeights) -> ShownImages:
    """The references that feeds showed, each scored without itself, and the images passed over."""
    weights = np.array(population.in_order) / SUM
    liked, disliked = seen.shown
    look = [seen.look.liked[liked], seen.look.disliked[disliked], seen.look.others]
    of_liked, of_disliked = seen.vectors.left_out_scores()
    subject = [of_liked[liked], of_disliked[disliked], seen.vectors.scores(seen.passed)]
    is_chosen = np.arange(sum(map(len, look))) < len(look[0])
    return ShownImages(np.concatenate(look) @ weights, np.concatenate(subject), is_chosen)


def _separations(
    vectors: SubjectReferences, look: LookScores, population: ElementWeights
) -> Separations | None:
    """How far the user's images are apart; None where too few can be compared."""
    weights = np.array(population.in_order) / SUM
    by_look = [look.liked @ weights, look.disliked @ weights]
    by_subject = vectors.left_out()
    counts = [
        min(len(totals), len(affinities))
        for totals, affinities in zip(by_look, by_subject, strict=True)
    ]
    if min(counts) >= MIN_TO_COMPARE:
        return Separations(
            separation(*by_subject, prior_deviation=SUBJECT_DEVIATION),
            separation(*by_look, prior_deviation=LOOK_DEVIATION),
            min(counts),
        )
    larger = int(np.argmax(counts))
    base = vectors.background_affinity()
    if counts[larger] < MIN_TO_COMPARE or min(len(base), len(look.others)) < MIN_OTHERS:
        return None
    # A side without references is where the other images are. Dislikes are below them.
    sign = 1.0 if larger == 0 else -1.0
    return Separations(
        separation(sign * by_subject[larger], sign * base, prior_deviation=SUBJECT_DEVIATION),
        separation(
            sign * by_look[larger], sign * (look.others @ weights), prior_deviation=LOOK_DEVIATION
        ),
        counts[larger],
        one_sided=True,
    )


def _scored_images(look: LookScores) -> ScoredImages:
    """References of both sides, and the images that were not chosen as further negatives.

    A viewed image counts as one reference. All images of a catalog together count as many as the
    likes: most of them were never shown.
    """
    rows = [look.liked, look.disliked, look.others]
    catalog = len(look.liked) / max(len(look.others), 1)
    of_others = 1.0 if look.others_were_viewed else catalog
    references = len(look.liked) + len(look.disliked)
    evidence = [1.0] * references + [of_others] * len(look.others)
    is_liked = np.arange(len(evidence)) < len(look.liked)
    return ScoredImages(np.concatenate(rows), is_liked, np.array(evidence))
