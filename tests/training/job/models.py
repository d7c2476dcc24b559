"""Fake models with known answers: they score an image by its brightness."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Images
from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Taste
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from training.job.scoring.feedback_cases import FeedbackCase
from training.rewards.prediction import Sides

LIKES = dict.fromkeys(ELEMENTS, ("bright",))
DISLIKES = dict.fromkeys(ELEMENTS, ("dark",))
PROFILE = Sides(LIKES, DISLIKES)


def brightness(image: Image) -> float:
    """0-1."""
    return float(np.asarray(image.convert("L")).mean() / 255)


@dataclass
class BrightnessModel:
    """Scores by brightness where the taste is not empty.

    `confidence` goes from 0 (equal probabilities) to 1 (one digit).
    """

    confidence: float = 0.8
    inverted: Callable[[Image], bool] = lambda image: False
    """Images that are scored by their darkness."""
    problems: tuple[str, ...] = ()
    scored: int = 0
    described: int = 0
    predicted: int = 0
    element_weights: ElementWeights = EQUAL_WEIGHTS

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        self.predicted += len(references)
        return [PredictedTaste(LIKES, DISLIKES, self.problems) for _ in references]

    def describe(self, images: Sequence[Image]) -> list[Description]:
        self.described += len(images)
        return [Description(LIKES, self.problems) for _ in images]

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        self.scored += len(candidates)
        return [self._score(candidate) for candidate in candidates]

    def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return [
            Rationales(dict.fromkeys(ELEMENTS, "bright is liked"), self.problems) for _ in scored
        ]

    def _score(self, candidate: ScoringInput) -> Scores:
        if candidate.taste == Taste():
            return Scores(dict.fromkeys(ELEMENTS, (1 / 6,) * 6))
        level = brightness(candidate.image)
        if self.inverted(candidate.image):
            level = 1 - level
        digit = round(5 * level)
        rest = (1 - self.confidence) / 6
        row = tuple(rest + self.confidence * (d == digit) for d in range(6))
        return Scores(dict.fromkeys(ELEMENTS, row), self.element_weights)


def feedback_case(
    folder: Path, user: str, *, better: int = 220, worse: int = 40, weight: float = 1.0,
    profile: Sides | None = PROFILE,
) -> FeedbackCase:  # fmt: skip
    """A pair of gray images with these levels, 0-255."""
    files = []
    (folder / "images").mkdir(exist_ok=True)
    for level in (better, worse):
        file = folder / "images" / f"{level}.png"
        Images.new("RGB", (8, 8), (level,) * 3).save(file)
        files.append(file)
    return FeedbackCase(
        user=user, weight=weight, source="clicks", better=files[0], worse=files[1],
        liked=(files[0],), disliked=(files[1],), profile=profile,
    )  # fmt: skip
