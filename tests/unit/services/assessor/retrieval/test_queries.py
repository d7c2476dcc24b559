"""The queries compare the words and the likes of each taste as the ranking weighs them."""

import numpy as np
import pytest

from services.assessor.steps.retrieval.queries import (
    TasteExamples,
    likes_query,
    searches,
)
from services.assessor.steps.retrieval.shortlist import Shares
from shared.domain.taste import ELEMENTS, Element
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.retrieval_weights import SHIPPED
from shared.embedding.protocol import Vectors
from shared.embedding.taste_vectors import BLOCK_LENGTH
from shared.store.catalog.images import unit
from shared.store.catalog.query_kinds import LinearQuery
from shared.store.protocol import TasteVectors
from tests.fakes.stores.catalog_scores import score

DIMENSION = 4
SHARES: Shares = {"taste": 0.6, "likes": 0.2, "popular": 0.1, "new": 0.1}
BOTH = RankingWeights(
    art_style=0, color=0.6, medium=0, saturation=0, detail=0, subject=0.4
)  # fmt: skip


def side(**words: int) -> Vectors:
    """A side of a taste: one axis for each element named."""
    blocks = np.zeros((len(ELEMENTS), DIMENSION), np.float32)
    for name, number in words.items():
        blocks[ELEMENTS.index(Element(name)), number] = BLOCK_LENGTH
    return blocks.reshape(-1)


def axis(number: int) -> Vectors:
    vector: Vectors = np.eye(DIMENSION, dtype=np.float32)[number]
    return vector


WORDS = TasteVectors(side(color=0, medium=2), side(color=1))


def test_the_whole_taste_is_one_query_with_a_direction_for_each_vector() -> None:
    taste = TasteExamples(words=WORDS, liked=(axis(3),), disliked=(axis(2),))
    planned = searches([taste], shares=SHARES, weights=BOTH, factors=SHIPPED, limit=10)
    assert isinstance(planned[0].query, LinearQuery)
    # The user does not go by the medium.
    assert set(planned[0].query.directions) == {"color", "image"}


def test_likes_do_not_count_by_words_while_the_ranking_ignores_them() -> None:
    taste = TasteExamples(words=WORDS, liked=(axis(3),))
    planned = searches([taste], shares=SHARES, weights=None, factors=SHIPPED, limit=10)
    assert isinstance(planned[0].query, LinearQuery)
    assert set(planned[0].query.directions) == {"color", "medium"}


def test_the_same_word_on_both_sides_gives_no_query() -> None:
    taste = TasteExamples(words=TasteVectors(side(color=1), side(color=1)))
    assert taste.has_words
    assert not searches([taste], shares=SHARES, weights=None, factors=SHIPPED, limit=10)


def test_each_taste_is_searched_alone_with_its_part_of_the_share() -> None:
    tastes = [
        TasteExamples(0.6, WORDS, (axis(0),)),
        TasteExamples(0.2, WORDS, (axis(1),)),
    ]
    planned = searches(tastes, shares=SHARES, weights=None, factors=SHIPPED, limit=10)
    assert [(s.source, round(s.share, 4)) for s in planned] == [
        ("taste", 0.45), ("taste", 0.15), ("likes", 0.15), ("likes", 0.05)
    ]  # fmt: skip
    assert isinstance(planned[0].query, LinearQuery)


def test_a_part_without_examples_leaves_its_share_to_the_other_tastes() -> None:
    tastes = [TasteExamples(0.5, WORDS), TasteExamples(0.5, None, (axis(1),))]
    planned = searches(tastes, shares=SHARES, weights=None, factors=SHIPPED, limit=10)
    assert [(s.source, s.share) for s in planned] == [("taste", 0.6), ("likes", 0.2)]


def test_the_query_of_likes_orders_by_the_difference_of_mean_similarities() -> None:
    rng = np.random.default_rng(0)
    liked, disliked = rng.standard_normal((2, 5, DIMENSION)).astype(np.float32)
    query = likes_query(TasteExamples(liked=tuple(liked), disliked=tuple(disliked)), limit=10)
    means = [np.mean([unit(v) for v in vectors], axis=0) for vectors in (liked, disliked)]
    target = means[0] - means[1]
    for vector in rng.standard_normal((10, DIMENSION)).astype(np.float32):
        expected = float(unit(vector) @ target / np.linalg.norm(target))
        assert score({"image": unit(vector)}, query) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "taste",
    [
        TasteExamples(liked=(axis(0),), disliked=(axis(0), axis(0))),
        TasteExamples(liked=(axis(0), -axis(0))),
        TasteExamples(disliked=(axis(1), -axis(1))),
        TasteExamples(disliked=(axis(1),)),
    ],
    ids=["cancelled", "opposite likes", "opposite dislikes", "dislikes alone"],
)
def test_every_set_of_examples_gives_a_valid_query(taste: TasteExamples) -> None:
    assert likes_query(taste, limit=10).limit == 10


def test_dislikes_alone_bring_images_that_resemble_them_least() -> None:
    query = likes_query(TasteExamples(disliked=(axis(1),)), limit=10)
    unlike, like = (score({"image": axis(number)}, query) for number in (0, 1))
    assert unlike is not None
    assert like is not None
    assert unlike > like
