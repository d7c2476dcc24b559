"""Simulate a user's slates and clicks, and estimate the user's weights after each of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shared.domain.element_weights import MAX_SCORE, SUM, ElementWeights
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.domain.weights.word_scores import ShownWords
from shared.embedding.images.subject import SubjectReferences, no_vectors
from shared.embedding.images.weighed_references import LookScores, weigh_references
from training.prefersim.values.vocabulary import VALUES, Attributes
from training.simulate.measure.metrics import ndcg
from training.simulate.users import (
    Floats,
    Rng,
    SimulatedUser,
    clicks,
    draw_images,
    viewed_ranks,
)

CATALOG: Final = 300
SLATE: Final = 12
TEST_SLATES: Final = 20
TEST_SLATE: Final = 20
STATED: Final = 5
"""Liked and disliked references with which a user starts."""
KEPT_CLICKS: Final = 35
"""A profile keeps 40 references of a side; stated ones stay, and the earliest clicks go."""
KEPT_VIEWS: Final = 100
CATALOG_SAMPLE: Final = 64


@dataclass(frozen=True)
class Scene:
    """The images of one seed: a catalog to click in, and slates to measure on."""

    catalog: Attributes
    tests: tuple[Attributes, ...]

    @classmethod
    def draw(cls, seed: int) -> "Scene":
        rng = np.random.default_rng((seed, 0x0E16))
        tests = tuple(draw_images(rng, TEST_SLATE) for _ in range(TEST_SLATES))
        return cls(draw_images(rng, CATALOG), tests)


def ndcg_by_slates(
    user: SimulatedUser,
    scene: Scene,
    population: ElementWeights,
    rng: Rng,
    *,
    marks: Sequence[int],
    with_views: bool,
) -> list[float]:
    """Mean NDCG@10 with the user's own weights after so many slates, for each of `marks`.

    The own weights rank the slates, too, so that they decide what the user sees next. Without
    `with_views` the app sends no impressions, and a part of the catalog stands for them.
    """
    digits = true_digits(user, scene.catalog)
    measure = MeasuredSlates(user, scene.tests)
    appeal = user.appeal(scene.catalog)
    words = _words(scene.catalog)
    weights = population
    clicked: list[int] = []
    skipped: list[int] = []
    measured: dict[int, float] = {}
    for slate in range(max(marks) + 1):
        if slate in marks:
            measured[slate] = measure.mean_ndcg(weights)
        candidates = rng.permutation(CATALOG)[:SLATE]
        totals = digits[candidates] @ np.array(weights.in_order)
        shown = candidates[np.argsort(-totals, kind="stable")]
        viewed = shown[: viewed_ranks(rng, SLATE)]
        is_clicked = clicks(rng, appeal[viewed])
        clicked += map(int, viewed[is_clicked])
        skipped += map(int, viewed[~is_clicked])
        others = skipped[-KEPT_VIEWS:] if with_views else range(CATALOG_SAMPLE)
        weights = _own_weights(
            user,
            population,
            clicked=[words[n] for n in clicked[-KEPT_CLICKS:]],
            others=[words[n] for n in others],
            viewed=with_views,
        )
    return [measured[mark] for mark in marks]


class MeasuredSlates:
    """The slates on which the weights of one user are measured, with the user's true digits."""

    def __init__(self, user: SimulatedUser, slates: Sequence[Attributes]) -> None:
        self._digits = [true_digits(user, images) for images in slates]
        self._appeal = [user.appeal(images) for images in slates]

    def mean_ndcg(self, weights: ElementWeights) -> float:
        """Mean NDCG@10 over the slates, ranked with these weights."""
        orders = [
            np.argsort(-(d @ np.array(weights.in_order)), kind="stable") for d in self._digits
        ]
        return float(np.mean([ndcg(o, a) for o, a in zip(orders, self._appeal, strict=True)]))


def true_digits(user: SimulatedUser, images: Attributes) -> Floats:
    """The true digit of each element, 0-5: the appeal to a user who goes by it alone. (n, 5)"""
    by_element = [replace(user, weights=tuple(weights)) for weights in np.eye(len(ELEMENTS))]
    return np.stack([MAX_SCORE * each.appeal(images) for each in by_element], axis=1)


def as_weights(shares: Sequence[float]) -> ElementWeights:
    """Shares that sum to 1 as the weights of a model, which sum to 5."""
    weights = SUM * np.array(shares) / np.sum(shares)
    return ElementWeights.model_validate(
        {e.value: round(float(w), 4) for e, w in zip(ELEMENTS, weights, strict=True)}
    )


def _own_weights(
    user: SimulatedUser,
    population: ElementWeights,
    *,
    clicked: Sequence[ShownWords],
    others: Sequence[ShownWords],
    viewed: bool,
) -> ElementWeights:
    """As the profile service estimates them, from words; only the five elements are used."""
    taste = _taste(user)
    liked, disliked = (
        _words(sides[np.arange(STATED) % len(sides)])
        for sides in (user.taste.likes, user.taste.dislikes)
    )
    look = LookScores.of_words(
        [*liked, *clicked], disliked, [taste], others=others, others_were_viewed=viewed
    )
    nothing = SubjectReferences(no_vectors(), no_vectors())
    weights = weigh_references(nothing, look, population).weights
    return as_weights([weights[element] for element in ELEMENTS])


def _words(images: Attributes) -> list[ShownWords]:
    return [
        {e: (VALUES[e][value],) for e, value in zip(ELEMENTS, image, strict=True)}
        for image in images
    ]


def _taste(user: SimulatedUser) -> Taste:
    def side(words: dict[Element, tuple[str, ...]]) -> TasteSide:
        return TasteSide.model_validate(
            {e.value: [WeightedWord(word=w, weight=1) for w in words[e]] for e in ELEMENTS}
        )

    return Taste(
        preference=side(dict(user.taste.like_words)),
        non_preference=side(dict(user.taste.dislike_words)),
    )
