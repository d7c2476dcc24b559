"""Seen images last, authors capped, rows of the like broken up: each on its own."""

from services.assessor.steps.diversity import diversified, in_groups
from services.assessor.steps.feed_items import Assessed
from tests.unit.services.assessor.slates import assessed, names

RANKED = [
    assessed("a", 25, author="x"),
    assessed("b", 20, author="x"),
    assessed("c", 15, author="y"),
    assessed("d", 10, author="x"),
    assessed("e", 5),
    assessed("f", 1),
]


def _alike(a: Assessed, b: Assessed) -> float:
    """Images are alike when their author is the same."""
    return float(a.entry.candidate.author_id == b.entry.candidate.author_id)


def test_without_rules_the_order_stays_and_nothing_is_demoted() -> None:
    first, capped, known = in_groups(RANKED, seen=frozenset(), author_cap=0)
    assert names(first) == "abcdef"
    assert not capped
    assert not known
    assert all(not one.demoted for one in first)


def test_seen_images_follow_in_their_own_order_and_say_so() -> None:
    first, _, known = in_groups(RANKED, seen={"d", "a"}, author_cap=0)
    assert names(first) == "bcef"
    assert [(one.entry.image_id, one.demoted) for one in known] == [
        ("a", ("seen",)),
        ("d", ("seen",)),
    ]


def test_an_author_is_capped_and_images_without_one_are_not() -> None:
    first, capped, _ = in_groups(RANKED, seen=frozenset(), author_cap=1)
    assert names(first) == "acef"
    assert [(one.entry.image_id, one.demoted) for one in capped] == [
        ("b", ("author_cap",)),
        ("d", ("author_cap",)),
    ]


def test_a_seen_image_does_not_use_up_its_authors_share() -> None:
    first, capped, known = in_groups(RANKED, seen={"a"}, author_cap=1)
    assert (names(first), names(capped), names(known)) == ("bcef", "d", "a")


def test_likeness_breaks_up_a_row_and_says_so() -> None:
    varied = diversified(RANKED, _alike, weight=0.5, places=6)
    assert names(varied)[:3] == "ace"
    demoted = {one.entry.image_id for one in varied if one.demoted == ("diversity",)}
    assert demoted == {"b", "d"}


def test_without_weight_the_score_alone_decides() -> None:
    assert diversified(RANKED, _alike, weight=0.0, places=6) == RANKED


def test_beyond_the_places_the_rest_keeps_its_order() -> None:
    varied = diversified(RANKED, _alike, weight=0.5, places=2)
    assert names(varied) == "acbdef"


def test_no_image_is_lost_or_doubled() -> None:
    varied = diversified(RANKED, _alike, weight=0.9, places=4)
    assert sorted(names(varied)) == sorted(names(RANKED))
