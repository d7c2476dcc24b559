"""Popularity is a prior of the ranking while a user has few references, and then fades."""

from itertools import pairwise

import pytest

from services.assessor.popularity.prior import ENOUGH_REFERENCES, popularity_weight
from shared.events import RankedFeed
from shared.store.protocol import Side
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.cold_start.feedback import act
from tests.unit.services.assessor.cold_start.references import references
from tests.unit.services.assessor.users import color_taste, pinned, request

CANDIDATES = ("green", "blue", "red", "navy")


def popular(assessor: Assessor, image_id: str, *, users: int = 40, tenant: str = "default") -> None:
    for number in range(users):
        assessor.popularity.add(act(f"u-{number}", "like", image_id, tenant=tenant))
        assessor.popularity.add(act(f"u-{number}", "view", "green", tenant=tenant))


async def feed_with(assessor: Assessor, count: int, *, side: Side = "liked") -> RankedFeed:
    await assessor.store_profile_of_ana(references=references(count, side=side))
    return await assessor.feed(request(*CANDIDATES, request_id=f"r-{count}-{side}"))


def test_the_weight_falls_with_each_reference_and_ends_without_a_jump() -> None:
    weights = [popularity_weight(n, greatest=0.5) for n in range(ENOUGH_REFERENCES + 5)]
    assert weights[0] == 0.5
    assert all(a > b for a, b in pairwise(weights[: ENOUGH_REFERENCES + 1]))
    assert weights[ENOUGH_REFERENCES - 1] == pytest.approx(0.025)
    assert set(weights[ENOUGH_REFERENCES:]) == {0.0}
    assert popularity_weight(1, greatest=0.0) == 0


async def test_popularity_counts_less_with_each_reference() -> None:
    assessor = Assessor()
    popular(assessor, "navy")
    ranks, weights = [], []
    for count in (1, 3, 10, 19):
        feed = await feed_with(assessor, count)
        ranks.append(image_ids(feed).index("navy"))
        # The user's own taste comes first, also after one like.
        assert image_ids(feed)[0] == "red"
        weights.append(feed.popularity_weight)
    assert ranks == sorted(ranks)
    assert weights == sorted(filter(None, weights), reverse=True)


async def test_a_user_with_many_references_is_ranked_as_without_popularity() -> None:
    with_popularity, without = Assessor(), Assessor()
    popular(with_popularity, "navy")
    feed = await feed_with(with_popularity, ENOUGH_REFERENCES)
    expected = await feed_with(without, ENOUGH_REFERENCES)
    assert feed.items == expected.items
    assert feed.popularity_weight is None


async def test_the_rank_follows_the_scores_in_the_event() -> None:
    assessor = Assessor()
    popular(assessor, "navy")
    feed = await feed_with(assessor, 2)
    weight = feed.popularity_weight
    assert weight is not None
    totals = []
    for item in feed.items:
        assert item.score is not None
        assert item.popularity is not None
        assert item.tier == "vlm"
        totals.append((1 - weight) * item.score + weight * 5 * item.popularity)
    assert totals == sorted(totals, reverse=True)
    by_id = {item.image_id: item for item in feed.items}
    assert by_id["red"].popularity == by_id["blue"].popularity == 2.5, "nobody viewed them"
    again = await assessor.feed(request(*CANDIDATES, request_id="r-again"))
    assert again.items == feed.items


@pytest.mark.parametrize("side", ["liked", "disliked"])
async def test_one_reference_moves_images_of_equal_popularity(side: Side) -> None:
    assessor = Assessor()
    popular(assessor, "navy")
    feed = await feed_with(assessor, 1, side=side)
    order = image_ids(feed)
    assert order.index("red") < order.index("blue"), "red is liked and blue is disliked"


async def test_a_tenant_without_feedback_is_ranked_by_the_taste_alone() -> None:
    assessor, without = Assessor(), Assessor()
    popular(assessor, "navy", tenant="another")
    # The user's own feedback is no popularity.
    assessor.popularity.add(act("ana", "like", "navy"))
    feed = await feed_with(assessor, 1)
    assert feed.items == (await feed_with(without, 1)).items
    assert feed.popularity_weight is None
    assert all(item.popularity is None for item in feed.items)


async def test_images_that_no_other_user_has_viewed_are_ranked_by_the_taste_alone() -> None:
    assessor = Assessor()
    popular(assessor, "another image")
    await assessor.store_profile_of_ana(references=references(1))
    feed = await assessor.feed(request("blue", "red", "navy"))
    assert feed.popularity_weight is None


async def test_a_stated_taste_needs_no_popularity() -> None:
    assessor = Assessor()
    popular(assessor, "navy")
    # How sure a taste without references is cannot be read off their number.
    await assessor.store_profile_of_ana(taste=color_taste())
    feed = await assessor.feed(request(*CANDIDATES))
    assert feed.popularity_weight is None
    await assessor.store_profile_of_ana(references=references(1))
    await assessor.profiles.correct(pinned("red"))
    feed = await assessor.feed(request(*CANDIDATES, request_id="r-2"))
    assert feed.popularity_weight is None
    assert image_ids(feed)[0] == "red"


async def test_popularity_can_be_turned_off() -> None:
    assessor = Assessor(popularity_share=0.0)
    popular(assessor, "navy")
    feed = await feed_with(assessor, 1)
    assert feed.popularity_weight is None
    assert image_ids(feed)[0] == "red"


async def test_a_cold_start_shows_the_popularity_of_its_images() -> None:
    assessor = Assessor()
    popular(assessor, "navy")
    feed = await assessor.feed(request(*CANDIDATES))
    assert feed.status == "cold_start"
    assert feed.popularity_weight == 1
    points = {item.image_id: item.popularity for item in feed.items}
    assert points["navy"] == max(value for value in points.values() if value is not None)
    assert points["red"] == 2.5
    in_a_new_tenant = await Assessor().feed(request(*CANDIDATES))
    assert in_a_new_tenant.popularity_weight is None
