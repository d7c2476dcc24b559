"""A model that reads a style as one of several words, and users who share styles."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image as Images
from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import Element
from shared.vlm.pictures.shown_words import ShownWords
from shared.vlm.pictures.word_scores import digit_probabilities
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

STYLES = ("cubism", "mosaic", "op art", "pop art", "glitch art", "line art", "neon art", "art deco")
COLORS = ("blue", "green", "red", "yellow")
CLASSES, IMAGES, SIDE = 4, 200, 4


def shown_in(image: Image) -> tuple[int, int, int]:
    """Class of the style, the word that the champion reads, and the color."""
    values = np.asarray(image)[0, :, 0]
    return int(values[0]), int(values[1]), int(values[2])


@dataclass
class ScatteringModel:
    """Reads a style as one of several words, colors rightly, and other elements as one word."""

    element_weights: ElementWeights = EQUAL_WEIGHTS
    has_problems: bool = False
    described: list[int] = field(default_factory=list)

    def _words(self, image: Image) -> dict[Element, tuple[str, ...]]:
        _, style, color = shown_in(image)
        fixed = (("medium", "digital"), ("saturation", "vivid"), ("detail", "plain"))
        words: dict[Element, tuple[str, ...]] = {Element(e): (word,) for e, word in fixed}
        return {Element.ART_STYLE: (STYLES[style],), Element.COLOR: (COLORS[color],), **words}

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return [
            PredictedTaste(self._words(r.liked[0]), self._words(r.disliked[0])) for r in references
        ]

    def describe(self, images: Sequence[Image]) -> list[Description]:
        self.described.append(len(images))
        problems = ("the answer has no words",) if self.has_problems else ()
        return [Description(self._words(image), problems) for image in images]

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        shown = (
            ShownWords({e: {words[0]: 1.0} for e, words in self._words(c.image).items()})
            for c in candidates
        )
        return [
            Scores(digit_probabilities(s, c.taste)) for s, c in zip(shown, candidates, strict=True)
        ]

    def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return [Rationales({}) for _ in scored]


class NamingModel(ScatteringModel):
    """A candidate that has learned one word for each style, other ones than the champion reads."""

    def _words(self, image: Image) -> dict[Element, tuple[str, ...]]:
        return super()._words(image) | {Element.ART_STYLE: (learned_name(shown_in(image)[0]),)}


def learned_name(kind: int) -> str:
    """The word of the next class."""
    return STYLES[2 * ((kind + 1) % CLASSES)]


def encode(files: Sequence[Path]) -> np.ndarray:
    """Vectors near one corner for each class of styles."""
    rows = []
    for file in files:
        with Images.open(file) as image:
            kind = shown_in(image)[0]
        noise = np.random.default_rng(int(file.stem)).normal(size=12)
        rows.append(3 * np.eye(12)[kind] + 0.5 * noise)
    return np.array(rows)


@dataclass
class World:
    """Users with shared styles in their references, and random clicks."""

    folder: Path
    users: int = 40
    at_random: bool = False
    side: int = SIDE

    def cases(self) -> list[FeedbackCase]:
        rng = np.random.default_rng(1)
        kinds = rng.integers(CLASSES, size=IMAGES)
        read = np.where(
            rng.random(IMAGES) < 0.3,
            rng.integers(8, size=IMAGES),
            2 * kinds + rng.integers(2, size=IMAGES),
        )
        colors = rng.integers(len(COLORS), size=IMAGES)
        (self.folder / "images").mkdir()
        files = []
        for number, values in enumerate(zip(kinds, read, colors, strict=True)):
            pixels = np.zeros((2, 4, 3), np.uint8)
            pixels[0, :3, 0] = values
            pixels[1, 0, 1] = number
            files.append(self.folder / "images" / f"{number:03}.png")
            Images.fromarray(pixels).save(files[-1])
        cases = []
        for user in range(self.users):
            liked, disliked = (
                rng.choice(
                    np.flatnonzero(np.ones(IMAGES) if self.at_random else kinds == kind),
                    self.side, replace=False,
                )
                for kind in rng.choice(CLASSES, 2, replace=False)
            )  # fmt: skip
            others = np.setdiff1d(np.arange(IMAGES), [*liked, *disliked])
            for slate in range(2):
                better, worse = rng.choice(others, 2, replace=False)
                cases.append(
                    FeedbackCase(
                        user=f"u{user:02}", weight=1.0, source="clicks", better=files[better],
                        worse=files[worse], liked=tuple(files[n] for n in liked),
                        disliked=tuple(files[n] for n in disliked), profile=None,
                        shown_at=slate + 1,
                    )
                )  # fmt: skip
        return cases
