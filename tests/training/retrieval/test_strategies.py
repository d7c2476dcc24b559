"""The strategies of the comparison order images as the store's queries do."""

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Taste
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.protocol import Vectors
from shared.store.catalog.queries import CatalogQuery
from shared.store.catalog.query_kinds import AnyQuery, DiscoveryQuery, FeedbackQuery, LinearQuery
from tests.fakes.stores.catalog_scores import score
from training.retrieval import strategies
from training.retrieval.data.index import Indexed
from training.retrieval.data.users import Profile
from training.retrieval.measure import Study, best, measure, ndcg, shortlist_recall

RNG = np.random.default_rng(5)


def units(*shape: int) -> Vectors:
    rows = RNG.normal(size=shape).astype(np.float32)
    vectors: Vectors = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return vectors


CATALOG = Indexed(units(150, 8), units(150, len(ELEMENTS), 4), ({},) * 150)
PROFILE = Profile(
    "ada", Taste(), RankingWeights(art_style=0.1, color=0.2, medium=0.1, saturation=0.1,
    detail=0.1, subject=0.4), units(5, 8), units(4, 8), units(5, 4), units(5, 4), frozenset({7}),
)  # fmt: skip


def mean_like() -> Vectors:
    mean: Vectors = PROFILE.liked.mean(0)
    return mean


def named(number: int) -> dict[str, Vectors]:
    elements = {e.value: CATALOG.elements[number, k] for k, e in enumerate(ELEMENTS)}
    return {"image": CATALOG.image[number], **elements}


LIKED, DISLIKED = tuple(PROFILE.liked), tuple(PROFILE.disliked)
QUERIES: dict[str, AnyQuery] = {
    "images: average vector": CatalogQuery("image", LIKED, DISLIKED, "average_vector"),
    "images: best score": CatalogQuery("image", LIKED, DISLIKED, "best_score"),
    "images: sum of scores": CatalogQuery("image", LIKED, DISLIKED, "sum_scores"),
    "images: discovery": DiscoveryQuery(
        "image", mean_like(), tuple((p, n) for p in LIKED for n in DISLIKED)
    ),
    "images: relevance feedback": FeedbackQuery(
        "image", mean_like(), (*((v, 1.0) for v in LIKED), *((v, 0.0) for v in DISLIKED)),
        strategies.FEEDBACK,
    ),
    "one linear query over words and images": LinearQuery(strategies.directions_of(PROFILE)),
}  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
def test_a_strategy_orders_as_the_query_of_the_store(name: str) -> None:
    ours = strategies.STRATEGIES[name](PROFILE, CATALOG)
    theirs = np.array([score(named(number), QUERIES[name]) for number in range(len(CATALOG))])
    if name == "images: average vector":  # the length of the target changes no order
        theirs = np.array(theirs) * np.linalg.norm(
            2 * PROFILE.liked.mean(0) - PROFILE.disliked.mean(0)
        )
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_models_own_order_has_all_of_its_best_images() -> None:
    totals = RNG.uniform(0, 25, (2, len(CATALOG)))
    study = Study(CATALOG, (PROFILE, PROFILE), totals, np.round(totals))
    by_name = {row.name: row for row in measure(study, seed=0)}
    assert by_name["the whole catalog, ranked by the model"].recall.value == 1.0
    assert {"user_blind", "other_user"} <= set(by_name)
    assert (
        shortlist_recall(study, seed=0) == by_name["one linear query over words and images"].recall
    )


def test_excluded_images_are_in_no_shortlist() -> None:
    scores = np.arange(10, dtype=float)
    assert best(scores, 3, frozenset({9, 7})).tolist() == [8, 6, 5]


def test_ndcg_compares_with_the_best_feed_of_the_catalog() -> None:
    relevance = np.array([3.0, 0.0, 2.0, 1.0])
    assert ndcg(np.array([0, 2, 3, 1]), relevance, frozenset()) == pytest.approx(1.0)
    assert ndcg(np.array([1]), relevance, frozenset()) == 0
    assert ndcg(np.array([2, 3]), relevance, frozenset({0})) == pytest.approx(1.0)
