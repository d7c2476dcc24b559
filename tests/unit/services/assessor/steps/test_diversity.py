"""Each reranking rule on its own: seen images, author caps and maximal marginal relevance."""

from services.assessor.steps.reranking.diversity import maximal_marginal_relevance
from services.assessor.steps.reranking.order import split_by_rules
from services.assessor.steps.state import ScoredImage
from tests.unit.services.assessor.slates import names, scored_image

RANKED = [
    scored_image("a", 25, author="x"),
    scored_image("b", 20, author="x"),
    scored_image("c", 15, author="y"),
    scored_image("d", 10, author="x"),
    scored_image("e", 5),
    scored_image("f", 1),
]


def _same_author(a: ScoredImage, b: ScoredImage) -> float:
    """Images are similar when their author is the same."""
    return float(a.loaded_candidate.candidate.author_id == b.loaded_candidate.candidate.author_id)


def test_without_rules_the_order_stays_and_nothing_is_demoted() -> None:
    first, capped, seen = split_by_rules(RANKED, seen_ids=frozenset(), author_cap=0)
    assert names(first) == "abcdef"
    assert not capped
    assert not seen
    assert all(not image.demoted for image in first)


def test_seen_images_keep_their_order_and_name_the_rule() -> None:
    first, _, seen = split_by_rules(RANKED, seen_ids={"d", "a"}, author_cap=0)
    assert names(first) == "bcef"
    assert [(image.image_id, image.demoted) for image in seen] == [
        ("a", ("seen",)),
        ("d", ("seen",)),
    ]


def test_an_author_is_capped_and_images_without_an_author_are_not() -> None:
    first, capped, _ = split_by_rules(RANKED, seen_ids=frozenset(), author_cap=1)
    assert names(first) == "acef"
    assert [(image.image_id, image.demoted) for image in capped] == [
        ("b", ("author_cap",)),
        ("d", ("author_cap",)),
    ]


def test_a_seen_image_does_not_count_towards_its_authors_cap() -> None:
    first, capped, seen = split_by_rules(RANKED, seen_ids={"a"}, author_cap=1)
    assert (names(first), names(capped), names(seen)) == ("bcef", "d", "a")


def test_similar_images_are_spread_and_name_the_rule() -> None:
    diversified = maximal_marginal_relevance(RANKED, _same_author, weight=0.5, size=6)
    assert names(diversified)[:3] == "ace"
    demoted = [image for image in diversified if image.demoted == ("diversity",)]
    assert set(names(demoted)) == {"b", "d"}


def test_with_diversity_weight_zero_the_ranking_does_not_change() -> None:
    assert maximal_marginal_relevance(RANKED, _same_author, weight=0.0, size=6) == RANKED


def test_images_beyond_the_size_keep_their_order() -> None:
    diversified = maximal_marginal_relevance(RANKED, _same_author, weight=0.5, size=2)
    assert names(diversified) == "acbdef"


def test_no_image_is_lost_or_repeated() -> None:
    diversified = maximal_marginal_relevance(RANKED, _same_author, weight=0.9, size=4)
    assert sorted(names(diversified)) == sorted(names(RANKED))
