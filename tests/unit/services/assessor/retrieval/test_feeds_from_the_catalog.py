"""A request without a list gets a feed of images that the catalog has for the user."""

from collections import Counter
from datetime import timedelta

import pytest

from shared.domain.errors import Unprocessable
from shared.domain.images.catalog_filter import CatalogFilter
from shared.domain.taste import Taste
from shared.events import Candidate, RankedFeed
from shared.store.protocol import Impressions
from tests.fakes.model import COLORS
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.cold_start.feedback import act
from tests.unit.services.assessor.retrieval.catalog import (
    feed_request,
    like,
    publish,
    publish_colors,
    with_catalog,
)
from tests.unit.services.assessor.users import NOW, color_taste, store_profile

MANY = [color for color in COLORS for _ in range(20)]


def sources(feed: RankedFeed) -> Counter[str | None]:
    return Counter(item.source for item in feed.items)


def colors(feed: RankedFeed) -> Counter[str]:
    return Counter(name.partition("-")[0] for name in image_ids(feed))


@pytest.fixture
async def assessor() -> Assessor:
    """Ana likes red and dislikes blue; the catalog has 200 images, older than a month."""
    assessor = with_catalog()
    await assessor.store_profile_of_ana()
    await publish_colors(assessor, MANY, at=NOW - timedelta(days=60))
    return assessor


async def test_liked_words_find_images_without_a_list(assessor: Assessor) -> None:
    feed = await assessor.feed(feed_request(limit=20))
    assert (feed.status, feed.degraded_reason, len(feed.items)) == ("ok", None, 20)
    assert sources(feed) == {"taste": 19, "explored": 1}
    assert [item.score for item in feed.items][:19] == [25.0] * 19
    assert feed.policy is not None
    assert feed.policy.retrieval is not None
    assert feed.policy.retrieval.shares == {
        "taste": 0.75, "popular": 0.1, "new": 0.1, "explored": 0.05
    }  # fmt: skip
    assert feed.latency_ms["retrieval"] >= 0


async def test_drawn_images_carry_their_probability_and_others_none(assessor: Assessor) -> None:
    feed = await assessor.feed(feed_request(limit=40))
    for item in feed.items:
        assert (item.retrieval_propensity < 0.2) == (item.source == "explored")
        assert (item.retrieval_propensity == 1) == (item.source != "explored")


async def test_a_redelivered_request_gets_the_same_feed_and_another_one_other_images(
    assessor: Assessor,
) -> None:
    first = await assessor.feed(feed_request(limit=40))
    assessor.service = assessor.new_service()
    again = await assessor.feed(feed_request(limit=40))
    assert again.items == first.items
    other = await assessor.feed(feed_request(limit=40, request_id="r-2"))
    assert image_ids(other) != image_ids(first)


async def test_top_k_is_the_size_of_the_feed_and_limit_that_of_the_shortlist(
    assessor: Assessor,
) -> None:
    feed = await assessor.feed(feed_request(limit=30, top_k=5))
    assert (len(feed.items), assessor.image_loader.loads) == (5, 30)
    assert colors(feed) == {"red": 5}


async def test_the_default_limit_is_a_hundred_images(assessor: Assessor) -> None:
    assert len((await assessor.feed(feed_request())).items) == 100


async def test_listed_images_come_first_and_an_image_that_is_listed_and_found_counts_once(
    assessor: Assessor,
) -> None:
    listed = (
        Candidate(image_id="own", uri="drawing:green"),
        Candidate(image_id="red-0", uri="drawing:navy"),
    )
    feed = await assessor.feed(feed_request(limit=10, candidates=listed))
    assert len(feed.items) == 12
    assert len(set(image_ids(feed))) == 12
    by_id = {item.image_id: item.source for item in feed.items}
    assert (by_id["own"], by_id["red-0"]) == ("listed", "listed")


async def test_a_request_has_three_hundred_images_at_most(assessor: Assessor) -> None:
    listed = [Candidate(image_id=f"own-{n}", uri="drawing:green") for n in range(290)]
    feed = await assessor.feed(feed_request(limit=300, candidates=listed))
    assert sources(feed)["listed"] == 290
    assert len(feed.items) == 300


async def test_three_hundred_listed_images_leave_no_place_for_the_catalog(
    assessor: Assessor,
) -> None:
    listed = [Candidate(image_id=f"own-{n}", uri="drawing:green") for n in range(300)]
    feed = await assessor.feed(feed_request(candidates=listed))
    assert (feed.status, sources(feed)) == ("ok", {"listed": 300})


async def test_excluded_images_are_left_out(assessor: Assessor) -> None:
    excluded = [f"red-{number}" for number in range(19)]
    feed = await assessor.feed(feed_request(limit=30, exclude_ids=excluded))
    assert not set(image_ids(feed)) & set(excluded)
    assert len(feed.items) == 30


async def test_the_filter_and_the_tenant_hold_for_every_source(assessor: Assessor) -> None:
    await publish_colors(assessor, COLORS, tags=("sale",), author_id="eve")
    await publish_colors(assessor, COLORS, tags=("sale",), tenant="elsewhere")
    for number in range(30):
        assessor.popularity.add(act(f"u-{number}", "like", "blue-40"))
    wanted = CatalogFilter(tags_any=("sale",))
    feed = await assessor.feed(feed_request(limit=50, filter=wanted))
    assert len(feed.items) == len(COLORS)
    elsewhere = await assessor.feed(feed_request(limit=50, tenant="elsewhere"))
    assert (len(elsewhere.items), elsewhere.tenant) == (len(COLORS), "elsewhere")


async def test_images_outside_their_time_are_left_out(assessor: Assessor) -> None:
    later, earlier = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
    await publish(assessor, "red-later", "red", available_from=later)
    await publish(assessor, "red-past", "red", available_until=earlier)
    await publish(assessor, "red-now", "red", available_from=earlier, available_until=later)
    feed = await assessor.feed(feed_request(limit=300))
    assert "red-now" in image_ids(feed)
    assert not {"red-later", "red-past"} & set(image_ids(feed))


async def test_a_small_catalog_gives_a_whole_feed_of_all_its_images() -> None:
    assessor = with_catalog()
    await assessor.store_profile_of_ana()
    await publish_colors(assessor, COLORS)
    feed = await assessor.feed(feed_request(limit=100))
    assert len(feed.items) == len(COLORS)
    assert image_ids(feed)[0] == "red-0"
    assert {item.retrieval_propensity for item in feed.items} == {1.0}


async def test_new_images_are_a_share_while_they_are_hardly_viewed(assessor: Assessor) -> None:
    for number in range(6):
        await publish(assessor, f"navy-new-{number}", "navy", at=NOW - timedelta(days=number))
    feed = await assessor.feed(feed_request(limit=40))
    assert sources(feed)["new"] == 4
    assert sum(name.startswith("navy-new") for name in image_ids(feed)) >= 4
    for number in range(5):
        for user in range(20):
            assessor.popularity.add(act(f"u-{user}", "view", f"navy-new-{number}"))
    feed = await assessor.feed(feed_request(limit=40, request_id="r-2"))
    assert sources(feed)["new"] == 1


async def test_popular_images_are_a_share(assessor: Assessor) -> None:
    for user in range(20):
        for number in range(120, 130):
            assessor.popularity.add(act(f"u-{user}", "view", f"white-{number}"))
        for name in ("orange-121", "orange-122", "not in the catalog"):
            assessor.popularity.add(act(f"u-{user}", "like", name))
    feed = await assessor.feed(feed_request(limit=40))
    popular = {item.image_id for item in feed.items if item.source == "popular"}
    assert popular == {"orange-121", "orange-122"}


async def test_seen_images_are_left_out_while_there_are_others(assessor: Assessor) -> None:
    assessor = with_catalog(seen_days=7)
    await assessor.store_profile_of_ana()
    await publish_colors(assessor, [*["red"] * 20, *["green"] * 20])
    seen = {f"red-{number}": NOW - timedelta(days=1) for number in range(15)}
    seen |= {f"red-{number}": NOW - timedelta(days=30) for number in range(15, 20)}
    await assessor.impressions.put(Impressions(tenant="default", user_id="ana", seen_at=seen))
    feed = await assessor.feed(feed_request(limit=20))
    assert colors(feed) == {"red": 5, "green": 15}
    # 25 images are left; the seen ones fill the rest and are ranked behind them.
    feed = await assessor.feed(feed_request(limit=30, request_id="r-2"))
    assert colors(feed) == {"red": 10, "green": 20}
    assert [item.demoted for item in feed.items][25:] == [("seen",)] * 5


async def test_liked_and_disliked_images_are_left_out_while_there_are_others(
    assessor: Assessor,
) -> None:
    references = await like(assessor, "red")
    known = tuple(
        reference.model_copy(update={"image_id": f"red-{number}", "side": side})
        for number, side in ((0, "liked"), (5, "disliked"))
        for reference in references[:1]
    )
    assessor = with_catalog()
    await publish_colors(assessor, ["red"] * 20)
    await assessor.store_profile_of_ana(references=known)
    assert not {"red-0", "red-5"} & set(image_ids(await assessor.feed(feed_request(limit=18))))
    everything = await assessor.feed(feed_request(limit=20, request_id="r-2"))
    assert {"red-0", "red-5"} <= set(image_ids(everything))


async def test_an_image_that_resembles_another_one_is_found_and_that_one_is_left_out(
    assessor: Assessor,
) -> None:
    feed = await assessor.feed(feed_request(limit=10, similar_to="blue-40"))
    assert colors(feed) == {"blue": 10}
    assert sources(feed) == {"similar": 10}
    assert "blue-40" not in image_ids(feed)
    assert feed.policy is not None
    assert feed.policy.retrieval is not None
    assert feed.policy.retrieval.shares == {"similar": 1.0}


async def test_likes_alone_find_images_that_resemble_them(assessor: Assessor) -> None:
    references = (
        *await like(assessor, "green", "navy"),
        *await like(assessor, "red", side="disliked"),
    )
    await store_profile(assessor.profiles, Taste(), assessor.embedder, references=references)
    feed = await assessor.feed(feed_request(limit=40))
    assert colors(feed).keys() >= {"green", "navy"}
    assert colors(feed)["green"] + colors(feed)["navy"] >= 38
    assert colors(feed)["red"] <= 2
    assert sources(feed)["likes"] >= 38


async def test_words_and_likes_both_find_images(assessor: Assessor) -> None:
    references = await like(assessor, "pink")
    await store_profile(assessor.profiles, color_taste(), assessor.embedder, references=references)
    feed = await assessor.feed(feed_request(limit=20))
    assert colors(feed)["pink"] >= 1
    assert colors(feed)["red"] >= 14


async def test_the_author_of_a_found_image_counts_for_the_cap() -> None:
    assessor = with_catalog(author_cap=2)
    await assessor.store_profile_of_ana()
    await publish_colors(assessor, ["red"] * 5, author_id="eve")
    await publish_colors(assessor, ["green"] * 5, author_id="bob")
    feed = await assessor.feed(feed_request())
    assert [name[:3] for name in image_ids(feed)][:4] == ["red", "red", "gre", "gre"]


async def test_a_cold_start_shows_popular_new_and_varied_images(assessor: Assessor) -> None:
    await publish(assessor, "navy-new", "navy")
    for user in range(20):
        assessor.popularity.add(act(f"u-{user}", "like", "orange-121"))
        assessor.popularity.add(act(f"u-{user}", "view", "white-105"))
    feed = await assessor.feed(feed_request(limit=20, user_id="new"))
    assert (feed.status, len(feed.items)) == ("cold_start", 20)
    assert image_ids(feed)[0] == "orange-121"
    assert sources(feed) == {"popular": 1, "new": 1, "explored": 18}
    assert len(colors(feed)) >= 5


async def test_an_image_that_cannot_be_loaded_is_rejected_and_the_others_are_ranked(
    assessor: Assessor,
) -> None:
    assessor.image_loader.refused["drawing:red"] = Unprocessable("not_found", "status 404")
    feed = await assessor.feed(feed_request(limit=40))
    assert feed.status == "ok"
    assert feed.rejected
    assert all(item.reason.startswith("not_found") for item in feed.rejected)
    assert len(feed.items) + len(feed.rejected) == 40
