"""Measure shortlists: how many of the model's best images they have, and how good the feed is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.evaluation.controls import OTHER_USER, USER_BLIND, of_next_user
from training.retrieval.data.index import Indexed
from training.retrieval.data.users import Floats, Profile
from training.retrieval.strategies import SHORTLIST, STRATEGIES, directions_of, linear, product
from training.statistics.bootstrap import mean, share
from training.statistics.interval import Interval, Share

BEST: Final = 20
"""The model's best images of the whole catalog, which the shortlist should have."""
PLACES: Final = 10
"""Places of a feed that NDCG counts."""
WHOLE: Final = "the whole catalog, ranked by the model"
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Measured:
    """One strategy: the mean over users with its interval."""

    name: str
    recall: Share
    ndcg: Interval
    worst: float
    """The lowest recall of a user."""


@dataclass(frozen=True)
class Study:
    """A catalog, its users and the model's full scores."""

    catalog: Indexed
    profiles: tuple[Profile, ...]
    totals: Floats
    """(users, images), 0-25."""
    relevance: Floats
    """(users, images): what the users truly think of the images."""


def measure(study: Study, *, seed: int) -> list[Measured]:
    """All strategies, both controls, and the model's own order of the whole catalog."""
    orders: dict[str, list[Floats]] = {
        name: [strategy(profile, study.catalog) for profile in study.profiles]
        for name, strategy in STRATEGIES.items()
    }
    directions = [directions_of(profile) for profile in study.profiles]
    names = {name for own in directions for name in own}
    blind = {n: np.sum([own[n] for own in directions if n in own], axis=0) for n in names}
    orders[USER_BLIND] = [product(blind, study.catalog) for _ in directions]
    orders[OTHER_USER] = [product(own, study.catalog) for own in of_next_user(directions)]
    orders[WHOLE] = list(study.totals)
    return [_measured(name, study, scores, seed=seed) for name, scores in orders.items()]


def shortlist_recall(study: Study, *, seed: int) -> Share:
    """The recall of the search that serves: one linear query."""
    scores = [linear()(profile, study.catalog) for profile in study.profiles]
    return _measured("linear", study, scores, seed=seed).recall


def _measured(name: str, study: Study, scores: Sequence[Floats], *, seed: int) -> Measured:
    recalls, ndcgs = [], []
    for row, profile in enumerate(study.profiles):
        totals = study.totals[row]
        shortlist = best(scores[row], SHORTLIST, profile.excluded)
        wanted = best(totals, BEST, profile.excluded)
        recalls.append([float(number in {*shortlist.tolist()}) for number in wanted.tolist()])
        feed = shortlist[np.argsort(-totals[shortlist], kind="stable")]
        ndcgs.append(ndcg(feed, study.relevance[row], profile.excluded))
    return Measured(
        name,
        share(recalls, seed=seed),
        mean(ndcgs, seed=seed),
        min(float(np.mean(row)) for row in recalls),
    )


def best(scores: Floats, count: int, excluded: frozenset[int]) -> Numbers:
    """The numbers of the highest scores among the images that are not excluded."""
    allowed = scores.copy()
    allowed[list(excluded)] = -np.inf
    count = min(count, len(scores) - len(excluded))
    order: Numbers = np.argsort(-allowed, kind="stable")[:count]
    return order


def ndcg(feed: Numbers, relevance: Floats, excluded: frozenset[int]) -> float:
    """NDCG@10 of a feed against the best feed that the whole catalog allows."""
    discounts = 1 / np.log2(np.arange(2, PLACES + 2))
    ideal = relevance[best(relevance, PLACES, excluded)]
    shown = relevance[feed[:PLACES]]
    highest = float((ideal * discounts[: len(ideal)]).sum())
    return float((shown * discounts[: len(shown)]).sum()) / highest if highest else 1.0
