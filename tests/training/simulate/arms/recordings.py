"""Write recorded days, and answer for a model by the truth, for the tests of the arms."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.embedding.protocol import Vectors
from shared.prompting.styles.registry import COMPACT
from shared.vlm.pairwise import Comparison, Pair
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from training.prefersim.users.true_answers import score_element
from training.prefersim.values.vocabulary import VALUES, Attributes
from training.simulate.arms.recorded_days import Recording
from training.simulate.loop.day import REFERENCES, Visit
from training.simulate.loop.options import Options
from training.simulate.loop.visit_log import visit_fields
from training.simulate.measure.metrics import RankedSlate

OPTIONS = Options(users=6, catalog_size=64, slate_size=12)
Read = Callable[[Element, str], str]
"""What a model reads where an image shows a word."""


def recorded(folder: Path, *, days: int = 2, options: Options = OPTIONS) -> Recording:
    """Days on which each user views the first five of a random slate and clicks the best two."""
    folder.mkdir(parents=True, exist_ok=True)
    values = asdict(options) | {"seed": 1}
    (folder / "options.json").write_text(json.dumps(values))
    recording = Recording.open(folder)
    for number in range(days):
        visits = [_visit(recording, number, user) for user in range(options.users)]
        day = {
            "visits": [visit_fields(visit) for visit in visits],
            "ndcg_by_user": {"ours": {str(user): 0.9 for user in range(options.users)}},
        }
        (folder / f"day-{number:02d}.json").write_text(json.dumps(day))
    return recording


def _visit(recording: Recording, day: int, user: int) -> Visit:
    rng = np.random.default_rng((day, user))
    order = rng.permutation(recording.options.catalog_size)[: recording.options.slate_size]
    viewed = order[:5]
    appeal = recording.users[user].appeal(recording.catalog.shown[viewed])
    clicked = viewed[np.argsort(-appeal)[:2]]
    return Visit(
        user, order, RankedSlate(order, 5, 2), tuple(map(int, viewed)), tuple(map(int, clicked)),
        Taste(), "nano", "ok",
    )  # fmt: skip


class TruthfulEngine:
    """Knows what every image of a recording shows, and reads it with `read`."""

    model_version = "truthful"
    element_weights = EQUAL_WEIGHTS
    prompt_style = COMPACT

    def __init__(self, recording: Recording, read: Read = lambda element, word: word) -> None:
        self._read = read
        self._rows = _rows(recording)
        self.described = self.predicted = self.scored = 0

    def _words(self, image: Image) -> dict[Element, str]:
        row = self._rows[image.tobytes()]
        return {e: self._read(e, VALUES[e][row[j]]) for j, e in enumerate(ELEMENTS)}

    def describe(self, images: Sequence[Image]) -> list[Description]:
        self.described += len(images)
        return [Description({e: (w,) for e, w in self._words(i).items()}) for i in images]

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        self.predicted += len(references)
        return [PredictedTaste(self._most(r.liked), self._most(r.disliked)) for r in references]

    def _most(self, images: Sequence[Image]) -> dict[Element, tuple[str, ...]]:
        shown = [self._words(image) for image in images]
        words = {e: [row[e] for row in shown] for e in ELEMENTS}
        return {e: (max(sorted(set(w)), key=w.count),) if w else () for e, w in words.items()}

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        self.scored += len(candidates)
        return [self._score(candidate) for candidate in candidates]

    def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        raise AssertionError("arms only rank")

    def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        raise AssertionError("arms only rank")

    def _score(self, candidate: ScoringInput) -> Scores:
        digits: Mapping[Element, tuple[float, ...]] = {
            e: tuple(
                float(k == score_element(
                    e, word,
                    likes=[w.word for w in candidate.taste.preference[e][:2]],
                    dislikes=[w.word for w in candidate.taste.non_preference[e][:2]],
                ).digit)
                for k in range(6)
            )
            for e, word in self._words(candidate.image).items()
        }  # fmt: skip
        return Scores(digits, self.element_weights)


class AttributeEncoder:
    """Image vectors that say exactly what an image shows."""

    def __init__(self, recording: Recording) -> None:
        self._rows = _rows(recording)

    name = "attributes"
    dimension = sum(len(VALUES[e]) for e in ELEMENTS)

    async def encode(self, images: Sequence[Image]) -> Vectors:
        rows = [self._rows[image.tobytes()] for image in images]
        parts = [np.eye(len(VALUES[e]), dtype=np.float32)[[r[j] for r in rows]]
                 for j, e in enumerate(ELEMENTS)]  # fmt: skip
        return np.concatenate(parts, axis=1) / np.float32(np.sqrt(len(ELEMENTS)))


def _rows(recording: Recording) -> dict[bytes, Attributes]:
    """What each image of a recording shows, by its pixels."""
    catalogs = [recording.catalog]
    for user in recording.users:
        catalogs += recording.population.reference_images(user, REFERENCES, seed=recording.seed)
    return {
        image.tobytes(): row
        for catalog in catalogs
        for image, row in zip(catalog.images, catalog.shown, strict=True)
    }
