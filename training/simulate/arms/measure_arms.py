"""Measure the arms of one day: NDCG@10 by user, and coverage and diversity of wide slates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from training.simulate.arms.embedding_model import mixed, vector_scores
from training.simulate.arms.known_references import Known, known_at
from training.simulate.arms.pictures import Pictures
from training.simulate.arms.recorded_days import Recording
from training.simulate.arms.serving_rule import EndToEnd, Slate, rank_slates
from training.simulate.measure.metrics import Floats, Order, coverage, exposure_diversity, ndcg

WIDE: Final = 60
"""Candidates of the slates on which coverage and diversity are measured: five of sixty show a
collapse, and most of a slate of twelve is shown whatever the ranking."""
Say = Callable[[str], None]
Measured = dict[str, Any]


@dataclass(frozen=True)
class Day:
    """One recorded day: what was known before it, its slates, and wide ones for the diversity."""

    recording: Recording
    number: int
    known: Sequence[Known]
    slates: Sequence[Slate]
    wide: Sequence[Slate]

    @classmethod
    def of(
        cls, recording: Recording, number: int, *, wide_users: int, users: int | None = None
    ) -> "Day":
        """`wide_users`: users with a wide slate; 0: diversity is not measured.

        `users`: only the first so many, who are as random as any others; None: all.
        """
        slates = [
            Slate(visit.user, visit.candidates)
            for visit in recording.visits(number)
            if users is None or visit.user < users
        ]
        rng = np.random.default_rng((recording.seed, number, 0x60))
        first = {slate.user: slate for slate in reversed(slates)}
        wide = [
            _widened(first[user], recording.options.catalog_size, rng)
            for user in sorted(first)[:wide_users]
        ]
        return cls(recording, number, known_at(recording, number), slates, wide)

    def appeal(self, user: int) -> Floats:
        """True appeal of the whole catalog for one user."""
        return self.recording.users[user].appeal(self.recording.catalog.shown)


def _widened(slate: Slate, images: int, rng: np.random.Generator) -> Slate:
    """The candidates of a slate with others, in random order: their scores are used twice."""
    others = np.setdiff1d(rng.permutation(images), slate.candidates, assume_unique=True)
    more = rng.permutation(others)[: max(WIDE - len(slate.candidates), 0)]
    return Slate(slate.user, rng.permutation(np.concatenate([slate.candidates, more])))


def frozen_arms(
    day: Day, ranker: EndToEnd, pictures: Pictures, weights: ElementWeights
) -> dict[str, Measured]:
    """The released model with equal weights, with learned weights, and mixed with vectors."""
    populations = {"frozen": EQUAL_WEIGHTS, "frozen with weights": weights}
    slates = [*day.slates, *day.wide]
    totals = rank_slates(ranker, day.known, slates, populations)
    appeals = {slate.user: day.appeal(slate.user) for slate in slates}
    by_vectors = vector_scores(pictures, day.known, slates)
    totals["embedding model"], shares = mixed(
        totals["frozen with weights"], by_vectors, slates, appeals
    )
    totals["vectors alone"] = by_vectors
    measured = {name: _measured(day, of_slates) for name, of_slates in totals.items()}
    measured["embedding model"]["shares"] = {str(k): share for k, share in shares.items()}
    return measured


def adapter_arm(day: Day, ranker: EndToEnd, weights: ElementWeights) -> Measured:
    """A trained model end to end; only the adapter differs from `frozen with weights`."""
    slates = [*day.slates, *day.wide]
    totals = rank_slates(ranker, day.known, slates, {"adapter": weights})["adapter"]
    return _measured(day, totals) | {"model": ranker.model.model_version}


def reference_arms(day: Day) -> dict[str, Measured]:
    """The wide slates of the best, of a collapsed and of a random ranking, without a model."""
    rng = np.random.default_rng((day.recording.seed, day.number, 0x61))
    shown = day.recording.catalog.shown
    everyone = np.mean([user.appeal(shown) for user in day.recording.users], axis=0)
    scores: dict[str, Callable[[Slate], Floats]] = {
        "oracle": lambda slate: day.appeal(slate.user)[slate.candidates],
        "collapsed": lambda slate: everyone[slate.candidates],
        "random": lambda slate: rng.random(len(slate.candidates)),
    }
    slates = [*day.slates, *day.wide]
    return {name: _measured(day, [of(slate) for slate in slates]) for name, of in scores.items()}


def _measured(day: Day, totals: Sequence[Floats]) -> Measured:
    """`totals` of the slates, then of the wide ones; equal totals are in random order."""
    rng = np.random.default_rng((day.recording.seed, day.number, 0x62))
    slates = [*day.slates, *day.wide]
    orders: list[Order] = [
        slate.candidates[np.lexsort((rng.random(len(scores)), -np.asarray(scores)))]
        for slate, scores in zip(slates, totals, strict=True)
    ]
    by_user: dict[int, list[float]] = {}
    appeals: Mapping[int, Floats] = {slate.user: day.appeal(slate.user) for slate in day.slates}
    for slate, order in zip(day.slates, orders, strict=False):
        by_user.setdefault(slate.user, []).append(ndcg(order, appeals[slate.user]))
    measured: Measured = {
        "ndcg_by_user": {str(u): round(float(np.mean(v)), 5) for u, v in by_user.items()}
    }
    wide = orders[len(day.slates) :]
    if wide:
        measured |= {
            "coverage_at_5": coverage(wide),
            "exposure_diversity_at_5": exposure_diversity(wide),
        }
    return measured
