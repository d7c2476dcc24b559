"""Ask two models about pairs: which image each puts first, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from PIL.Image import Image

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import Taste
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import (
    Candidate,
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredCandidate,
    Scores,
)
from training.statistics.score_comparison import probability_higher

SCORED_AT_ONCE: Final = 32
"""Candidates in one pass, as in serving."""
PREDICTED_AT_ONCE: Final = 32
"""Ten images each: 32 at once take two thirds of the time that eight at once do."""


class Model(Protocol):
    """The engine that serves, or what a test puts in its place."""

    @property
    def element_weights(self) -> ElementWeights: ...

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]: ...

    def describe(self, images: Sequence[Image]) -> list[Description]: ...

    def score(self, candidates: Sequence[Candidate]) -> list[Scores]: ...

    def explain(self, scored: Sequence[ScoredCandidate]) -> list[Rationales]: ...


@dataclass(frozen=True)
class Asked:
    """A pair of images against one taste, the preferred image first."""

    taste: Taste
    better: Image
    worse: Image


@dataclass(frozen=True)
class Answer:
    """How a model ranked one pair."""

    right: float
    """1 when the preferred image came first, 0.5 for a tie, else 0."""
    probability: float
    """That the preferred image scores higher, where each digit is drawn as the model means it."""


def rank(
    model: Model, asked: Sequence[Asked], *, weights: ElementWeights | None = None
) -> list[Answer]:
    """In the order asked; `weights` are how much elements count, in place of the model's own."""
    candidates = [Candidate(a.taste, image) for a in asked for image in (a.better, a.worse)]
    scores = in_parts(model, candidates)
    if weights is not None:
        scores = [replace(one, weights=weights) for one in scores]
    return [compared(scores[at], scores[at + 1]) for at in range(0, len(scores), 2)]


def predict(model: Model, references: Sequence[References]) -> list[tuple[Taste, bool]]:
    """The taste behind each person's images, and whether the answer kept its format."""
    told: list[PredictedTaste] = []
    for at in range(0, len(references), PREDICTED_AT_ONCE):
        told += model.predict(references[at : at + PREDICTED_AT_ONCE])
    return [(taste_by_vote([one]), not one.problems) for one in told]


def in_parts(model: Model, candidates: Sequence[Candidate]) -> list[Scores]:
    """Scores of any number of candidates, some in one pass."""
    found: list[Scores] = []
    for at in range(0, len(candidates), SCORED_AT_ONCE):
        found += model.score(candidates[at : at + SCORED_AT_ONCE])
    return found


def compared(better: Scores, worse: Scores) -> Answer:
    """Which image the scores put first, where people preferred the first one."""
    difference = better.total - worse.total
    # Totals are sums of float32 probabilities: what differs by less is a tie.
    right = 0.5 if abs(difference) < 1e-6 else float(difference > 0)
    return Answer(right, probability_higher(better, worse))
