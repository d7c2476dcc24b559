"""Score pairs of images with a model: which image it ranks first, and with which probability."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from PIL.Image import Image

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import Taste
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from training.evaluation.scoring import batches
from training.statistics.score_comparison import probability_higher

SCORING_BATCH: Final = 32
"""Candidates in one pass, as in serving."""
PREDICTION_BATCH: Final = 32
"""Users in one pass, ten images each; takes two thirds of the time of batches of eight."""
TIE: Final = 1e-6
"""Totals are sums of float32 probabilities: a smaller difference is a tie."""


class Model(Protocol):
    """The serving engine, or a fake of a test."""

    @property
    def element_weights(self) -> ElementWeights: ...

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]: ...

    def describe(self, images: Sequence[Image]) -> list[Description]: ...

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]: ...

    def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]: ...


@dataclass(frozen=True)
class ImagePair:
    """Two images to be scored with one taste, the preferred image first."""

    taste: Taste
    better: Image
    worse: Image


@dataclass(frozen=True)
class PairResult:
    """How a model ranks one pair."""

    right: float
    """1 when it ranks the preferred image first, 0.5 for a tie, else 0."""
    probability: float
    """Probability that the preferred image has the higher total, digits drawn from the model."""


def rank_pairs(
    model: Model, pairs: Sequence[ImagePair], *, weights: ElementWeights | None = None
) -> list[PairResult]:
    """Results in the order of the pairs; `weights` replace the model's own element weights."""
    candidates = [ScoringInput(p.taste, image) for p in pairs for image in (p.better, p.worse)]
    scores = score_in_batches(model, candidates)
    if weights is not None:
        scores = [replace(score, weights=weights) for score in scores]
    return [compare(scores[at], scores[at + 1]) for at in range(0, len(scores), 2)]


def predict_tastes(
    model: Model, references: Sequence[References]
) -> list[tuple[Taste, tuple[str, ...]]]:
    """The taste predicted from each user's references, and the problems of the answer's format."""
    predictions: list[PredictedTaste] = []
    for batch in batches(references, PREDICTION_BATCH):
        predictions += model.predict(batch)
    return [(taste_by_vote([p]), p.problems) for p in predictions]


def score_in_batches(model: Model, candidates: Sequence[ScoringInput]) -> list[Scores]:
    """Scores in the order of the candidates."""
    scores: list[Scores] = []
    for batch in batches(candidates, SCORING_BATCH):
        scores += model.score(batch)
    return scores


def compare(better: Scores, worse: Scores) -> PairResult:
    """The result of a pair from its scores, those of the preferred image first."""
    difference = better.total - worse.total
    right = 0.5 if abs(difference) < TIE else float(difference > 0)
    return PairResult(right, probability_higher(better, worse))
