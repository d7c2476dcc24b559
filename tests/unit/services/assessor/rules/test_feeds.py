"""Rules of a shop in feeds: pins from the catalog, filters that hold, pages, and what is named."""

from datetime import timedelta
from typing import Any

import pytest

from services.assessor.rules.policy import Boost, Cap, Pin, TenantRules
from services.assessor.service import AssessorService
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.images.catalog_filter import CatalogFilter, MetadataCondition
from shared.domain.images.image_key import ImageKey
from shared.events import RankedItem
from tests.fakes.stores.catalog import InMemoryCatalog
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.paging.pages import all_pages, ids_of, page_request
from tests.unit.services.assessor.retrieval.catalog import publish, publish_colors, with_catalog
from tests.unit.services.assessor.users import NOW, request

HERO = TenantRules(pins=(Pin(name="campaign", image_id="hero", place=2),))
COLORS = ("red", "green", "blue", "yellow")


async def shop(rules: TenantRules, **settings: Any) -> Assessor:
    """A catalog of twelve images, Ana with a taste, and the rules of the shop."""
    assessor = with_catalog(rules=rules, **settings)
    await publish_colors(assessor, COLORS * 3)
    await assessor.store_profile_of_ana()
    return assessor


def item_of(items: tuple[RankedItem, ...], image_id: str) -> RankedItem:
    return next(item for item in items if item.image_id == image_id)


async def test_a_pinned_image_that_no_query_found_comes_from_the_catalog() -> None:
    assessor = await shop(HERO)
    await publish(assessor, "hero", "blue", index=False)
    feed = await assessor.feed(page_request(limit=5, top_k=5))
    assert len(feed.items) == 5
    hero = feed.items[1]
    assert hero.image_id == "hero"
    assert [(rule.kind, rule.name) for rule in hero.rules] == [("pin", "campaign")]
    assert (hero.source, hero.rank_without_rules) == (None, None)
    assert (hero.propensity, hero.explored) == (1.0, False)
    assert feed.policy is not None
    assert feed.policy.rules is not None
    assert feed.policy.rules.active == ("campaign",)


async def test_without_rules_a_feed_names_none() -> None:
    feed = await (await shop(TenantRules())).feed(page_request(limit=5))
    assert feed.policy is not None
    assert feed.policy.rules is None
    assert all(not item.rules for item in feed.items)


@pytest.mark.parametrize(
    ("publication", "wanted", "excluded"),
    [
        ({"tags": ("sea",)}, {"filter": {"tags_any": ["city"]}}, ()),
        ({}, {}, ("hero",)),
        ({}, {"similar_to": "hero"}, ()),
        ({"available_until": NOW - timedelta(days=1)}, {}, ()),
        ({"available_from": NOW + timedelta(days=1)}, {}, ()),
        ({"tenant": "other"}, {}, ()),
    ],
)
async def test_a_pin_never_passes_a_filter_an_exclusion_or_a_window(
    publication: dict[str, Any], wanted: dict[str, Any], excluded: tuple[str, ...]
) -> None:
    assessor = await shop(HERO)
    await publish(assessor, "hero", "red", **publication)
    feed = await assessor.feed(page_request(exclude_ids=excluded, **wanted))
    assert "hero" not in image_ids(feed)


async def test_a_removed_image_is_not_pinned() -> None:
    assessor = await shop(HERO)
    await publish(assessor, "hero", "red")
    assert assessor.catalogs is not None
    await assessor.catalogs.current.remove([ImageKey("default", "hero")])
    assert "hero" not in image_ids(await assessor.feed(page_request()))


async def test_a_tag_pins_its_best_image_and_adds_no_other() -> None:
    rules = TenantRules(pins=(Pin(name="ad", tag="ad", place=1),))
    assessor = await shop(rules, retrieval_explore_share=0, retrieval_new_share=0)
    for name, color in (("ad-blue", "blue"), ("ad-red", "red")):
        await publish(assessor, name, color, tags=("ad",), index=False)
    feed = await assessor.feed(page_request(limit=5))
    assert image_ids(feed)[0] == "ad-red"
    assert "ad-blue" not in image_ids(feed)


async def test_pins_are_on_the_first_page_alone_and_no_image_comes_twice() -> None:
    assessor = await shop(HERO)
    await publish(assessor, "hero", "blue", index=False)
    pages = await all_pages(assessor, top_k=5, limit=5)
    assert image_ids(pages[0])[1] == "hero"
    ids = ids_of(pages)
    assert len(ids) == len(set(ids)) == 13
    assert all(not item.rules for page in pages[1:] for item in page.items)


async def test_images_that_resemble_one_are_shown_without_pins() -> None:
    assessor = await shop(HERO)
    await publish(assessor, "hero", "blue", index=False)
    feed = await assessor.feed(page_request(limit=5, similar_to="red-0"))
    assert len(feed.items) == 5
    assert "hero" not in image_ids(feed)


async def test_a_listed_slate_is_pinned_but_gets_no_further_image() -> None:
    assessor = await shop(HERO)
    await publish(assessor, "hero", "blue")
    listed = await assessor.feed(request("red", "green", "blue"))
    assert "hero" not in image_ids(listed)


async def test_boosts_see_metadata_of_the_catalog_and_of_the_request() -> None:
    sale = CatalogFilter(metadata=(MetadataCondition(key="sale", equals=True),))
    rules = TenantRules(boosts=(Boost(name="sale", points=25, when=sale),))
    assessor = await shop(rules)
    await publish(assessor, "green-sale", "green", metadata={"sale": True})
    feed = await assessor.feed(page_request(limit=13))
    best = feed.items[0]
    assert best.image_id == "green-sale"
    assert [(rule.kind, rule.points) for rule in best.rules] == [("boost", 25)]
    assert best.rank_without_rules is not None
    assert best.rank_without_rules > 1
    assert best.score is not None
    assert best.score < 25
    slate = request("red", "green")
    on_sale = slate.candidates[1].model_copy(update={"metadata": {"sale": True}})
    slate = slate.model_copy(update={"candidates": (slate.candidates[0], on_sale)})
    assert image_ids(await assessor.feed(slate))[0] == on_sale.image_id


async def test_caps_see_tags_of_the_catalog() -> None:
    rules = TenantRules(caps=(Cap(name="one sale", tag="sale", most=1),))
    assessor = await shop(rules)
    for number in range(3):
        await publish(assessor, f"sale-{number}", "red", tags=("sale",))
    feed = await assessor.feed(page_request(limit=15))
    capped = [item for item in feed.items if item.rules]
    assert [item.rank for item in capped] == [len(feed.items) - 1, len(feed.items)]
    assert {rule.kind for item in capped for rule in item.rules} == {"cap"}


async def test_a_pinned_image_is_never_swapped_by_exploration() -> None:
    assessor = await shop(HERO, explore_share=1.0)
    await publish(assessor, "hero", "blue")
    for number in range(20):
        feed = await assessor.feed(page_request(limit=8, request_id=f"r-{number}"))
        hero = item_of(feed.items, "hero")
        assert (hero.rank, hero.explored, hero.propensity) == (2, False, 1.0)


async def test_without_the_catalog_a_listed_slate_is_ranked_without_pins() -> None:
    assessor = Assessor(rules=HERO)
    await assessor.store_profile_of_ana()
    assert isinstance(assessor.service, AssessorService)
    assert image_ids(await assessor.feed(request("blue", "red")))[0].startswith("red")


async def test_an_outage_of_the_catalog_leaves_a_listed_slate_its_feed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = TenantRules(caps=(Cap(name="one sale", tag="sale", most=1),))
    assessor = await shop(rules)

    async def away(self: InMemoryCatalog, keys: object) -> None:
        raise Unavailable("qdrant", "away")

    monkeypatch.setattr(InMemoryCatalog, "get", away)
    assert len((await assessor.feed(request("blue", "red"))).items) == 2


async def test_a_user_without_a_taste_sees_pins_and_no_boosts() -> None:
    sale = CatalogFilter(metadata=(MetadataCondition(key="sale", equals=True),))
    rules = TenantRules(pins=HERO.pins, boosts=(Boost(name="sale", points=25, when=sale),))
    assessor = with_catalog(rules=rules)
    await publish_colors(assessor, COLORS * 2, metadata={"sale": True})
    await publish(assessor, "hero", "blue", index=False)
    feed = await assessor.feed(page_request(limit=5))
    assert feed.status == "cold_start"
    assert image_ids(feed)[1] == "hero"
    assert {rule.kind for item in feed.items for rule in item.rules} == {"pin"}


async def test_a_pinned_image_that_cannot_be_loaded_is_rejected_alone() -> None:
    assessor = await shop(HERO)
    await publish(assessor, "hero", "black", index=False)
    assessor.image_loader.refused["drawing:black"] = Unprocessable("gone", "it is not there")
    feed = await assessor.feed(page_request(limit=5))
    assert "hero" not in image_ids(feed)
    assert [item.image_id for item in feed.rejected] == ["hero"]
    assert len(feed.items) == 5


async def test_a_redelivered_request_gets_the_same_feed() -> None:
    assessor = await shop(HERO)
    await publish(assessor, "hero", "blue", index=False)
    first = await assessor.feed(page_request(limit=5, request_id="again"))
    assessor.service = assessor.new_service()
    second = await assessor.feed(page_request(limit=5, request_id="again"))
    assert second.event_id == first.event_id
    assert image_ids(second) == image_ids(first)
    assert second.items[1].rules == first.items[1].rules
