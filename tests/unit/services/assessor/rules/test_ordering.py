"""Pins keep their places, caps count from the top, boosts add points; for all slates."""

from collections.abc import Sequence
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from services.assessor.rules.policy import Boost, Cap, Pin, TenantRules
from services.assessor.steps.reranking.order import ordered
from services.assessor.steps.reranking.shop_rules import (
    RuledRequest,
    apply_rules,
    with_earlier_ranks,
)
from services.assessor.steps.state import NO_SCORE, ScoredImage
from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.catalog_filter import CatalogFilter, MetadataCondition
from tests.unit.services.assessor.slates import names, scored_image

SALE = CatalogFilter(metadata=(MetadataCondition(key="sale", equals=True),))


def entry(image_id: str, *, tags: Sequence[str] = (), sale: bool = False) -> CatalogEntry:
    return CatalogEntry(
        tenant="default", image_id=image_id, uri="mem:x", tags=tuple(tags), metadata={"sale": sale}
    )


def feed(
    scored: Sequence[ScoredImage],
    rules: TenantRules,
    *,
    entries: Sequence[CatalogEntry] = (),
    seen: Sequence[str] = (),
    size: int | None = None,
    author_cap: int = 0,
    first_page: bool = True,
) -> list[ScoredImage]:
    length = size or len(scored)
    order = partial(ordered, seen_ids=frozenset(seen), author_cap=author_cap, size=length)
    known = {e.image_id: e for e in entries}
    request = RuledRequest(rules, known, frozenset(seen), takes_pins=first_page)
    ranked, fixed = apply_rules(scored, request, order=order, size=length)
    pins = {n for n, image in enumerate(ranked) if any(r.kind == "pin" for r in image.rules)}
    assert pins == fixed
    return with_earlier_ranks(ranked, order(scored))


def slate(*totals: float) -> list[ScoredImage]:
    return [scored_image(name, total) for name, total in zip("abcdefgh", totals, strict=False)]


def test_a_pinned_image_takes_its_place_and_names_its_rank_without_the_rule() -> None:
    pinned = feed(slate(5, 4, 3, 2), TenantRules(pins=(Pin(name="p", image_id="d", place=2),)))
    assert names(pinned) == "adbc"
    assert [(r.kind, r.name) for r in pinned[1].rules] == [("pin", "p")]
    assert [image.rank_without_rules for image in pinned] == [None, 4, None, None]


def test_a_pin_beyond_the_end_or_on_an_absent_image_does_nothing() -> None:
    pins = (Pin(name="far", image_id="c", place=9), Pin(name="gone", image_id="z", place=1))
    assert names(feed(slate(5, 4, 3), TenantRules(pins=pins))) == "abc"
    cut = TenantRules(pins=(Pin(name="p", image_id="a", place=3),))
    assert names(feed(slate(5, 4, 3), cut, size=2)) == "ab"


def test_a_tag_pins_its_best_image() -> None:
    rules = TenantRules(pins=(Pin(name="ad", tag="ad", place=1),))
    entries = [entry("b", tags=["ad"]), entry("c", tags=["ad"])]
    assert names(feed(slate(5, 4, 3), rules, entries=entries)) == "bac"


def test_a_pin_outweighs_seen_unless_it_says_otherwise() -> None:
    pin = Pin(name="p", image_id="a", place=1)
    assert names(feed(slate(5, 4), TenantRules(pins=(pin,)), seen=["a"])) == "ab"
    unseen = pin.model_copy(update={"unless_seen": True})
    assert names(feed(slate(5, 4), TenantRules(pins=(unseen,)), seen=["a"])) == "ba"


def test_pins_are_for_the_first_page() -> None:
    rules = TenantRules(pins=(Pin(name="p", image_id="c", place=1),))
    assert names(feed(slate(5, 4, 3), rules, first_page=False)) == "abc"


def test_images_beyond_a_cap_come_behind_all_others() -> None:
    rules = TenantRules(caps=(Cap(name="one ad", tag="ad", most=1),))
    entries = [entry(name, tags=["ad"]) for name in "abc"]
    capped = feed(slate(5, 4, 3, 2), rules, entries=entries)
    assert names(capped) == "adbc"
    assert [image.rank_without_rules for image in capped] == [None, None, 2, 3]


def test_a_pinned_image_counts_first_for_the_caps() -> None:
    rules = TenantRules(
        pins=(Pin(name="p", image_id="c", place=3),),
        caps=(Cap(name="one ad", tag="ad", most=1),),
    )
    entries = [entry(name, tags=["ad"]) for name in "ac"]
    assert names(feed(slate(5, 4, 3, 2), rules, entries=entries)) == "bdca"


def test_a_pinned_image_counts_for_the_cap_of_the_settings() -> None:
    scored = [scored_image(name, 5 - n, author="ann") for n, name in enumerate("abc")]
    rules = TenantRules(pins=(Pin(name="p", image_id="c", place=1),))
    ranked = feed([*scored, scored_image("d", 1)], rules, author_cap=1)
    assert names(ranked) == "cdab"
    assert ranked[0].demoted == ()


def test_a_boost_moves_images_and_leaves_their_scores() -> None:
    rules = TenantRules(boosts=(Boost(name="sale", points=2, when=SALE),))
    ranked = feed(slate(5, 4, 3), rules, entries=[entry("b", sale=True), entry("c")])
    assert names(ranked) == "bac"
    assert (ranked[0].total, ranked[0].rank_without_rules) == (4, 2)
    assert [(r.kind, r.points) for r in ranked[0].rules] == [("boost", 2)]


def test_an_image_without_a_score_is_not_boosted() -> None:
    rules = TenantRules(boosts=(Boost(name="sale", points=2, when=SALE),))
    ranked = feed(slate(NO_SCORE, NO_SCORE), rules, entries=[entry("b", sale=True)])
    assert names(ranked) == "ab"


@st.composite
def slates(draw: st.DrawFn) -> tuple[list[ScoredImage], TenantRules, list[CatalogEntry], int]:
    """A scored slate, rules, entries with tags, and the size of the feed."""
    count = draw(st.integers(1, 8))
    scored = slate(*draw(st.lists(st.integers(0, 25), min_size=count, max_size=count)))
    entries = [
        entry(image.image_id, tags=draw(st.sets(st.sampled_from("xyz"))), sale=draw(st.booleans()))
        for image in scored
    ]
    places = draw(st.lists(st.integers(1, 10), unique=True, max_size=4))
    ids = draw(st.permutations("abcdefghqr"))
    pins = tuple(
        Pin(name=f"pin {place}", place=place, **draw(st.sampled_from(
            [{"image_id": image_id}, {"tag": draw(st.sampled_from("xyz"))}]
        )))
        for place, image_id in zip(places, ids, strict=False)
    )  # fmt: skip
    caps = tuple(
        Cap(name=f"cap {tag}", tag=tag, most=draw(st.integers(0, 3)))
        for tag in draw(st.sets(st.sampled_from("xyz")))
    )
    boosts = (Boost(name="sale", points=draw(st.sampled_from([-3, 2, 25])), when=SALE),)
    rules = TenantRules(pins=pins, caps=caps, boosts=boosts)
    return scored, rules, entries, draw(st.integers(1, 9))


@given(slates())
def test_rules_neither_add_nor_lose_images(
    case: tuple[list[ScoredImage], TenantRules, list[CatalogEntry], int],
) -> None:
    scored, rules, entries, size = case
    ranked = feed(scored, rules, entries=entries, size=size)
    ids = [image.image_id for image in ranked]
    assert len(ids) == len(set(ids)) == min(size, len(scored))
    assert set(ids) <= {image.image_id for image in scored}


@given(slates())
def test_each_possible_pin_on_an_image_has_its_place(
    case: tuple[list[ScoredImage], TenantRules, list[CatalogEntry], int],
) -> None:
    scored, rules, entries, size = case
    ranked = feed(scored, rules, entries=entries, size=size)
    present = {image.image_id for image in scored}
    for pin in rules.pins:
        if pin.image_id in present and pin.place <= len(ranked):
            assert ranked[pin.place - 1].image_id == pin.image_id


@given(slates())
def test_no_unpinned_image_of_a_full_cap_comes_before_one_within_the_caps(
    case: tuple[list[ScoredImage], TenantRules, list[CatalogEntry], int],
) -> None:
    scored, rules, entries, size = case
    ranked = feed(scored, rules, entries=entries, size=size)
    kinds = [{rule.kind for rule in image.rules} for image in ranked]
    unpinned = ["cap" in k for k in kinds if "pin" not in k]
    assert unpinned == sorted(unpinned)
