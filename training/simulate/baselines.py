"""What our feed is held against: the same candidates for the same people, ranked in other ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Taste
from shared.vlm.protocol import Candidate
from training.job.evidence.pair_scoring import SCORED_AT_ONCE, Model
from training.prefersim.values.vocabulary import VALUES, Attributes
from training.rewards.text_similarity import SentenceEncoder
from training.simulate.catalog import Catalogue
from training.simulate.metrics import Floats, Order
from training.simulate.users import Person

SMOOTHING: Final = 10.0
"""Views that an unseen image is taken to have had, at the average rate."""
FACTORS: Final = 16
ITERATIONS: Final = 15
REGULARIZATION: Final = 0.05


@dataclass(frozen=True)
class Asked:
    """One person's candidates, and the profile that they have with us."""

    person: Person
    candidates: Order
    taste: Taste
    model_version: str = ""
    scored: Mapping[int, float] = field(default_factory=dict)
    """By the model of that version, when it served these candidates."""


class Arm(Protocol):
    """Ranks candidates."""

    def rank(self, asked: Asked) -> Order: ...


@dataclass
class Clicks:
    """What people have done so far, by person and image: all that the other arms learn from."""

    people: int
    images: int
    views: npt.NDArray[np.int64] = field(init=False)
    clicks: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.views = np.zeros((self.people, self.images), np.int64)
        self.clicks = np.zeros((self.people, self.images), np.int64)

    def add(self, person: int, viewed: Sequence[int], clicked: Sequence[int]) -> None:
        np.add.at(self.views[person], np.asarray(viewed, np.int64), 1)
        np.add.at(self.clicks[person], np.asarray(clicked, np.int64), 1)


@dataclass(frozen=True)
class Random:
    """No idea at all."""

    rng: np.random.Generator

    def rank(self, asked: Asked) -> Order:
        return self.rng.permutation(asked.candidates)


@dataclass(frozen=True)
class Popularity:
    """Everybody's rate of clicks, the same for all."""

    clicks: Clicks
    rng: np.random.Generator

    def rank(self, asked: Asked) -> Order:
        views, clicked = self.clicks.views.sum(axis=0), self.clicks.clicks.sum(axis=0)
        average = clicked.sum() / views.sum() if views.sum() else 0.0
        rate = (clicked + SMOOTHING * average) / (views + SMOOTHING)
        return best_first(asked.candidates, rate[asked.candidates], self.rng)


@dataclass(frozen=True)
class Similarity:
    """Likeness of an image's words to the liked ones, less that to the disliked; no model call.

    It is given the true words of every image, which is more than the services have.
    """

    catalogue: Catalogue
    words: Mapping[str, Floats]
    rng: np.random.Generator

    def rank(self, asked: Asked) -> Order:
        scores = np.zeros(len(asked.candidates))
        for j, element in enumerate(ELEMENTS):
            likes = [self.words[w.word] for w in asked.taste.preference[element]
                     if w.word in self.words]  # fmt: skip
            dislikes = [self.words[w.word] for w in asked.taste.non_preference[element]
                        if w.word in self.words]  # fmt: skip
            shown = np.stack(
                [self.words[VALUES[element][k]] for k in self.catalogue.shown[asked.candidates, j]]
            )
            scores += _nearest(shown, likes) - _nearest(shown, dislikes)
        return best_first(asked.candidates, scores, self.rng)


def word_vectors(encoder: SentenceEncoder) -> dict[str, Floats]:
    words = sorted({word for values in VALUES.values() for word in values})
    return dict(zip(words, np.asarray(encoder.encode(words), np.float64), strict=True))


def _nearest(shown: Floats, words: Sequence[Floats]) -> Floats:
    if not words:
        return np.zeros(len(shown))
    return np.asarray((shown @ np.stack(words).T).max(axis=1), np.float64)


@dataclass
class Collaborative:
    """Alternating least squares on who clicked what (`implicit`), fitted anew every day."""

    clicks: Clicks
    numbers: Mapping[str, int]
    rng: np.random.Generator
    _model: Any = None

    def fit(self) -> None:
        """Before a day; the first day has nothing to fit."""
        if not self.clicks.clicks.any():
            return
        from implicit.cpu.als import AlternatingLeastSquares
        from scipy.sparse import csr_matrix
        from threadpoolctl import threadpool_limits

        # One thread of BLAS from the start: the library warns, rightly, of more.
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=FACTORS,
                iterations=ITERATIONS,
                regularization=REGULARIZATION,
                random_state=int(self.rng.integers(2**31)),
            )
            model.fit(csr_matrix(self.clicks.clicks.astype(np.float32)), show_progress=False)
        self._model = model

    def rank(self, asked: Asked) -> Order:
        if self._model is None:
            return self.rng.permutation(asked.candidates)
        person = self._model.user_factors[self.numbers[asked.person.name]]
        scores = self._model.item_factors[asked.candidates] @ person
        return best_first(asked.candidates, scores, self.rng)


@dataclass(frozen=True)
class Frozen:
    """The model as it shipped, against the profile that a person has with us now.

    While it is itself the one that serves, its scores are those of the feeds.
    """

    model: Model
    version: str
    catalogue: Catalogue
    rng: np.random.Generator

    def rank(self, asked: Asked) -> Order:
        if asked.model_version == self.version and len(asked.scored) == len(asked.candidates):
            known = [asked.scored[int(n)] for n in asked.candidates]
            return best_first(asked.candidates, np.array(known), self.rng)
        candidates = [Candidate(asked.taste, self.catalogue.images[n]) for n in asked.candidates]
        scores: list[float] = []
        for at in range(0, len(candidates), SCORED_AT_ONCE):
            part = candidates[at : at + SCORED_AT_ONCE]
            scores += [found.total for found in self.model.score(part)]
        return best_first(asked.candidates, np.array(scores), self.rng)


@dataclass(frozen=True)
class Oracle:
    """Knows what people truly think."""

    shown: Attributes
    rng: np.random.Generator

    def rank(self, asked: Asked) -> Order:
        appeal = asked.person.appeal(self.shown[asked.candidates])
        return best_first(asked.candidates, appeal, self.rng)


def best_first(candidates: Order, scores: Floats, rng: np.random.Generator) -> Order:
    """By score, ties in an order of chance."""
    return candidates[np.lexsort((rng.random(len(candidates)), -np.asarray(scores)))]
