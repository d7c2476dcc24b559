"""Answer for real pictures from their words, and for drawings with the model that knows them.

nano was trained on drawings of the simulator alone. On a real picture its words were invented, so
a reader finds the words of real pictures, and a rule scores them. All answers about one picture
come from the same words: description, prediction, score and rationale agree.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Taste, TasteSide
from shared.prompting import parser, prompt
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.styles.protocol import PromptStyle
from shared.vlm.pairwise import Comparison, Pair
from shared.vlm.pictures.picture_reader import PictureReader
from shared.vlm.pictures.shared_words import shared_taste
from shared.vlm.pictures.shown_words import ShownWords
from shared.vlm.pictures.vocabulary import no_drawing_shows
from shared.vlm.pictures.word_scores import digit_probabilities, rationales
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
    SeesImages,
)

MIN_REAL: Final = 0.25
"""Share of real pictures from which a taste is predicted from words. With fewer, nano reads all
references: it was trained on references of which an eighth to a quarter contradict the taste."""


class Engine(Protocol):
    """Computes lists of inputs in one pass each; blocks while it computes."""

    model_version: str
    element_weights: ElementWeights

    @property
    def prompt_style(self) -> PromptStyle: ...

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]: ...
    def describe(self, images: Sequence[Image]) -> list[Description]: ...
    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]: ...
    def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]: ...
    def compare(self, pairs: Sequence[Pair]) -> list[Comparison]: ...


class PictureModel:
    """An `Engine` that reads real pictures itself and leaves drawings to another one."""

    def __init__(self, engine: Engine, reader: PictureReader) -> None:
        self._engine = engine
        self._reader = reader
        self.model_version = engine.model_version
        self.element_weights = engine.element_weights

    @property
    def prompt_style(self) -> PromptStyle:
        """The prompts of the network."""
        return self._engine.prompt_style

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        """From the words of all references where enough of them are real pictures."""
        by_user = [self._reader.read(r.images) for r in references]
        drawn = [
            k
            for k, shown in enumerate(by_user)
            if not shown or len(shown) - shown.count(None) < MIN_REAL * len(shown)
        ]
        predicted = dict(
            zip(drawn, self._engine.predict([references[k] for k in drawn]), strict=True)
        )
        return [
            predicted[k] if k in predicted else self._shared(references[k])
            for k in range(len(references))
        ]

    def describe(self, images: Sequence[Image]) -> list[Description]:
        read = self._reader.read(images)
        drawings = [image for image, shown in zip(images, read, strict=True) if shown is None]
        described = iter(self._engine.describe(drawings) if drawings else [])
        return [next(described) if shown is None else Description(shown.words) for shown in read]

    def seen_in(self, images: Sequence[Image]) -> npt.NDArray[np.float32] | None:
        """What the network's vision tower sees, (n, width); None where the network gives none."""
        return self._engine.seen_in(images) if isinstance(self._engine, SeesImages) else None

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        read = self._reader.read([candidate.image for candidate in candidates])
        drawings = [
            ScoringInput(_known_words(candidate.taste), candidate.image)
            for candidate, shown in zip(candidates, read, strict=True)
            if shown is None
        ]
        scored = iter(self._engine.score(drawings) if drawings else [])
        return [
            next(scored)
            if shown is None
            else Scores(digit_probabilities(shown, candidate.taste), self.element_weights)
            for candidate, shown in zip(candidates, read, strict=True)
        ]

    def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        read = self._reader.read([item.candidate.image for item in scored])
        drawings = [
            ScoredInput(
                ScoringInput(_known_words(item.candidate.taste), item.candidate.image), item.scores
            )
            for item, shown in zip(scored, read, strict=True)
            if shown is None
        ]
        explained = iter(self._engine.explain(drawings) if drawings else [])
        return [
            next(explained) if shown is None else _explained(shown, item)
            for item, shown in zip(scored, read, strict=True)
        ]

    def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        """A pair with a real picture is compared by the scores of both candidates."""
        is_real = [any(self._reader.read(pair.images)) for pair in pairs]
        drawn = [pair for pair, real in zip(pairs, is_real, strict=True) if not real]
        compared = iter(self._engine.compare(drawn) if drawn else [])
        return [
            self._compared(pair) if real else next(compared)
            for pair, real in zip(pairs, is_real, strict=True)
        ]

    def _shared(self, references: References) -> PredictedTaste:
        words = [description.words for description in self.describe(references.images)]
        liked = len(references.liked)
        return shared_taste(words[:liked], words[liked:])

    def _compared(self, pair: Pair) -> Comparison:
        images = (pair.image_a, pair.image_b)
        predicted = self._shared(pair.references)
        taste = taste_by_vote([predicted])
        scores = self.score([ScoringInput(taste, image) for image in images])
        a, b = (
            {e: ((description.words.get(e) or (prompt.UNKNOWN,))[0], s.mode(e)) for e in ELEMENTS}
            for description, s in zip(self.describe(images), scores, strict=True)
        )
        answer = prompt.comparison_lines(
            predicted.preference,
            predicted.non_preference,
            a=a,
            b=b,
            choice="A" if scores[0].total >= scores[1].total else "B",
        )
        return Comparison(answer, parser.parse_comparison(answer, finished=True))


def _explained(shown: ShownWords, item: ScoredInput) -> Rationales:
    digits = {element: item.scores.mode(element) for element in ELEMENTS}
    return Rationales(rationales(shown, item.candidate.taste, digits))


def _known_words(taste: Taste) -> Taste:
    """The taste without the mediums that no drawing has: nano does not know their words."""
    return Taste(
        preference=_known_side(taste.preference), non_preference=_known_side(taste.non_preference)
    )


def _known_side(side: TasteSide) -> TasteSide:
    return side.model_copy(
        update={
            element.value: tuple(w for w in words if not no_drawing_shows(element, w.word))
            for element, words in side.items()
        }
    )
