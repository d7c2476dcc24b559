"""Compare feeds from a large catalog with feeds from random lists that the same model ranks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS
from shared.vlm.protocol import ScoringInput, VisionLanguageModel
from training.evaluation.controls import of_next_user
from training.evaluation.scoring import in_batches
from training.retrieval.data.images import CatalogImages
from training.retrieval.data.index import Indexed
from training.retrieval.data.users import Floats, Person, Profile, totals, true_relevance
from training.retrieval.measure import Numbers, best, ndcg
from training.retrieval.strategies import linear
from training.statistics.bootstrap import mean, paired_difference
from training.statistics.interval import Interval

LIST: Final = 300
"""Images of a shortlist and of a random list: the most that a request may have."""
STREAM: Final = 0xF3ED


@dataclass(frozen=True)
class Feeds:
    """NDCG@10 against the best feed of the whole catalog, over users."""

    users: int
    catalog: Interval
    random: Interval
    other_user: Interval
    """The shortlist of another user, ranked for this one: the control of the retrieval."""
    difference: Interval
    """Catalog minus random list."""


async def measure_feeds(
    catalog: CatalogImages,
    indexed: Indexed,
    users: Sequence[tuple[Person, Profile]],
    model: VisionLanguageModel,
    *,
    seed: int,
) -> Feeds:
    """The model ranks the shortlist, a random list and another user's shortlist of each user."""
    shortlists = [best(linear()(p, indexed), LIST, p.excluded) for _, p in users]
    by_list: dict[str, list[float]] = {"catalog": [], "random": [], "other_user": []}
    for number, ((person, profile), own, others) in enumerate(
        zip(users, shortlists, of_next_user(shortlists), strict=True)
    ):
        rng = np.random.default_rng((seed, STREAM, number))
        allowed = np.setdiff1d(np.arange(len(catalog)), [*profile.excluded])
        random = rng.choice(allowed, min(LIST, len(allowed)), replace=False)
        relevance = true_relevance(person, catalog)
        for name, candidates in (("catalog", own), ("random", random), ("other_user", others)):
            images = [catalog.images[k] for k in candidates.tolist()]
            scores = await _scores(profile, images, indexed.image[candidates], model)
            feed: Numbers = candidates[np.argsort(-scores, kind="stable")]
            by_list[name].append(ndcg(feed, relevance, profile.excluded))
    return Feeds(
        len(users),
        mean(by_list["catalog"], seed=seed),
        mean(by_list["random"], seed=seed),
        mean(by_list["other_user"], seed=seed),
        paired_difference(by_list["catalog"], by_list["random"], seed=seed),
    )


async def _scores(
    profile: Profile, images: Sequence[Image], vectors: np.ndarray, model: VisionLanguageModel
) -> Floats:
    """The totals by which the services rank these images."""
    scored = await in_batches(model.score, [ScoringInput(profile.taste, i) for i in images])
    look = np.array([[score.expected(element) for element in ELEMENTS] for score in scored])
    return totals(profile, look, vectors)
