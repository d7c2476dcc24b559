"""Rank the same candidates for the same users in other ways, to compare with our feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element, Taste
from shared.vlm.protocol import ScoringInput
from training.evaluation.scoring import batches
from training.job.scoring.pair_scoring import SCORING_BATCH, Model
from training.prefersim.values.vocabulary import VALUES, Attributes
from training.rewards.text_similarity import SentenceEncoder
from training.simulate.catalog import Catalog
from training.simulate.measure.metrics import Floats, Order
from training.simulate.population import AnyUser

PRIOR_VIEWS: Final = 10.0
"""Views at the average click rate that every image is given, against noise in rare images."""
FACTORS: Final = 16
ITERATIONS: Final = 15
REGULARIZATION: Final = 0.05


@dataclass(frozen=True)
class RankingRequest:
    """One user's candidates with the user's current profile in our system."""

    user: AnyUser
    candidates: Order
    taste: Taste
    model_version: str = ""
    scores: Mapping[int, float] = field(default_factory=dict)
    """Scores of the model of that version, which served these candidates."""


class Baseline(Protocol):
    """Ranks candidates."""

    def rank(self, request: RankingRequest) -> Order: ...


@dataclass
class ClickHistory:
    """Views and clicks by user and image so far: what the baselines learn from."""

    users: int
    images: int
    views: npt.NDArray[np.int64] = field(init=False)
    clicks: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.views = np.zeros((self.users, self.images), np.int64)
        self.clicks = np.zeros((self.users, self.images), np.int64)

    def add(self, user: int, viewed: Sequence[int], clicked: Sequence[int]) -> None:
        np.add.at(self.views[user], np.asarray(viewed, np.int64), 1)
        np.add.at(self.clicks[user], np.asarray(clicked, np.int64), 1)


@dataclass(frozen=True)
class RandomOrder:
    """A random order."""

    rng: np.random.Generator

    def rank(self, request: RankingRequest) -> Order:
        return self.rng.permutation(request.candidates)


@dataclass(frozen=True)
class Popularity:
    """By the click rate over all users."""

    history: ClickHistory
    rng: np.random.Generator

    def rank(self, request: RankingRequest) -> Order:
        views, clicked = self.history.views.sum(axis=0), self.history.clicks.sum(axis=0)
        average = clicked.sum() / views.sum() if views.sum() else 0.0
        rate = (clicked + PRIOR_VIEWS * average) / (views + PRIOR_VIEWS)
        return best_first(request.candidates, rate[request.candidates], self.rng)


@dataclass(frozen=True)
class WordSimilarity:
    """By the similarity of an image's words to the preferred ones minus the others; no model call.

    It gets the true words of every image, which the services do not have.
    """

    catalog: Catalog
    vectors: Mapping[str, Floats]
    rng: np.random.Generator
    vocabulary: Mapping[Element, Sequence[str]] = field(default_factory=lambda: VALUES)

    def rank(self, request: RankingRequest) -> Order:
        scores = np.zeros(len(request.candidates))
        for j, element in enumerate(ELEMENTS):
            likes = [self.vectors[w.word] for w in request.taste.preference[element]
                     if w.word in self.vectors]  # fmt: skip
            dislikes = [self.vectors[w.word] for w in request.taste.non_preference[element]
                        if w.word in self.vectors]  # fmt: skip
            values = self.catalog.shown[request.candidates, j]
            shown = np.stack([self.vectors[self.vocabulary[element][k]] for k in values])
            scores += _highest_similarity(shown, likes) - _highest_similarity(shown, dislikes)
        return best_first(request.candidates, scores, self.rng)


def word_vectors(
    encoder: SentenceEncoder, vocabulary: Mapping[Element, Sequence[str]] = VALUES
) -> dict[str, Floats]:
    """The vector of every taste word that users or the model can name."""
    words = sorted({w for words in (VALUES, vocabulary) for v in words.values() for w in v})
    return dict(zip(words, np.asarray(encoder.encode(words), np.float64), strict=True))


def _highest_similarity(shown: Floats, words: Sequence[Floats]) -> Floats:
    if not words:
        return np.zeros(len(shown))
    return np.asarray((shown @ np.stack(words).T).max(axis=1), np.float64)


@dataclass
class CollaborativeFiltering:
    """Alternating least squares on the clicks of all users (`implicit`), fitted again every day."""

    history: ClickHistory
    numbers: Mapping[str, int]
    rng: np.random.Generator
    _model: Any = None

    def fit(self) -> None:
        """Fit before a day; before the first day there are no clicks."""
        if not self.history.clicks.any():
            return
        from implicit.cpu.als import AlternatingLeastSquares
        from scipy.sparse import csr_matrix
        from threadpoolctl import threadpool_limits

        # The library warns of more BLAS threads, because it has threads of its own.
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=FACTORS,
                iterations=ITERATIONS,
                regularization=REGULARIZATION,
                random_state=int(self.rng.integers(2**31)),
            )
            model.fit(csr_matrix(self.history.clicks.astype(np.float32)), show_progress=False)
        self._model = model

    def rank(self, request: RankingRequest) -> Order:
        if self._model is None:
            return self.rng.permutation(request.candidates)
        user = self._model.user_factors[self.numbers[request.user.name]]
        scores = self._model.item_factors[request.candidates] @ user
        return best_first(request.candidates, scores, self.rng)


@dataclass(frozen=True)
class FrozenModel:
    """The released model with the user's current profile in our system.

    While the released model itself serves, its scores are taken from the feeds.
    """

    model: Model
    version: str
    catalog: Catalog
    rng: np.random.Generator

    def rank(self, request: RankingRequest) -> Order:
        numbers = request.candidates
        if request.model_version == self.version and len(request.scores) == len(numbers):
            known = [request.scores[int(n)] for n in numbers]
            return best_first(numbers, np.array(known), self.rng)
        candidates = [ScoringInput(request.taste, self.catalog.images[n]) for n in numbers]
        totals = [
            scores.total
            for batch in batches(candidates, SCORING_BATCH)
            for scores in self.model.score(batch)
        ]
        return best_first(numbers, np.array(totals), self.rng)


@dataclass(frozen=True)
class Oracle:
    """By the user's true appeal: the best possible order."""

    shown: Attributes
    rng: np.random.Generator

    def rank(self, request: RankingRequest) -> Order:
        appeal = request.user.appeal(self.shown[request.candidates])
        return best_first(request.candidates, appeal, self.rng)


@dataclass(frozen=True)
class Collapsed:
    """By the mean appeal over all users: the same order for everyone, as after a collapse."""

    mean_appeal: Floats
    rng: np.random.Generator

    @classmethod
    def of(
        cls, users: Sequence[AnyUser], shown: Attributes, rng: np.random.Generator
    ) -> "Collapsed":
        return cls(np.mean([user.appeal(shown) for user in users], axis=0), rng)

    def rank(self, request: RankingRequest) -> Order:
        return best_first(request.candidates, self.mean_appeal[request.candidates], self.rng)


def best_first(candidates: Order, scores: Floats, rng: np.random.Generator) -> Order:
    """By score, ties in random order."""
    return candidates[np.lexsort((rng.random(len(candidates)), -np.asarray(scores)))]
