"""Popularity counts each user once an image, in bounded memory, and forgets erased users."""

import itertools
from random import Random

import pytest

from services.assessor.popularity.counts import MAX_PER_USER, Popularity
from shared.domain.user import User
from shared.events import Feedback
from tests.unit.services.assessor.cold_start.feedback import act

NEW = User("default", "new")


def counted(*events: Feedback) -> Popularity:
    popularity = Popularity()
    for event in events:
        popularity.add(event)
    return popularity


def order(popularity: Popularity, *image_ids: str) -> list[str]:
    rates = popularity.rates(NEW, image_ids=image_ids)
    return sorted(image_ids, key=lambda image_id: -rates[image_id])


def test_likes_count_more_than_clicks_and_clicks_more_than_views() -> None:
    popularity = counted(
        *(act(f"u-{n}", "view", image) for n in range(9) for image in "abcd"),
        *(act(f"u-{n}", "like", "a") for n in range(3)),
        *(act(f"u-{n}", "click", "b") for n in range(3)),
        *(act(f"u-{n}", "hide", "d") for n in range(3)),
    )
    assert order(popularity, "d", "c", "b", "a") == ["a", "b", "c", "d"]


def test_a_rate_of_few_viewers_is_shrunk() -> None:
    popularity = counted(
        act("u-0", "like", "one of one"),
        *(act(f"u-{n}", "view", image) for n in range(100) for image in ("forty", "none")),
        *(act(f"u-{n}", "like", "forty") for n in range(40)),
    )
    assert order(popularity, "none", "one of one", "forty")[0] == "forty"


def test_without_views_more_likes_count_more() -> None:
    popularity = counted(*(act(f"u-{n}", "like", "many") for n in range(20)), act("u", "like", "b"))
    assert order(popularity, "unknown", "b", "many") == ["many", "b", "unknown"]


def test_ten_thousand_likes_of_one_user_count_once() -> None:
    popularity = counted(
        *(act("eager", "like", "a", minute=n) for n in range(10_000)),
        *(act(f"u-{n}", "like", "b") for n in range(2)),
    )
    assert order(popularity, "a", "b") == ["b", "a"]
    assert len(popularity) == 3


def test_the_latest_statement_counts_in_every_order_of_arrival() -> None:
    events = [
        act("u", "click", "a", minute=3),
        act("u", "like", "a", minute=1),
        act("u", "dislike", "a", minute=2),
        act("u", "view", "a", minute=4),
    ]
    rates = {
        round(counted(*arrived).rates(NEW, image_ids=["a"])["a"], 9)
        for arrived in itertools.permutations(events)
    }
    assert len(rates) == 1
    assert rates.pop() < 0


@pytest.mark.parametrize(("dwell_ms", "is_interest"), [(400, False), (8_000, True)])
def test_a_long_look_is_interest(dwell_ms: int, is_interest: bool) -> None:
    popularity = counted(act("u", "dwell", "a", dwell_ms=dwell_ms), act("u", "view", "b"))
    rates = popularity.rates(NEW, image_ids=["a", "b"])
    assert (rates["a"] > rates["b"]) is is_interest


def test_tenants_are_apart() -> None:
    popularity = counted(act("u", "like", "a", tenant="shop"))
    assert popularity.rates(NEW, image_ids=["a"]) == {}
    assert popularity.rates(User("shop", "new"), image_ids=["a"])["a"] > 0


def test_an_erased_user_leaves_nothing() -> None:
    popularity = counted(act("bo", "like", "b"), act("ana", "like", "a"), act("ana", "view", "b"))
    assert popularity.count(User("default", "ana")) == 2
    assert popularity.forget(User("default", "ana")) == 2
    assert popularity.forget(User("default", "ana")) == 0
    assert not popularity.rates(NEW, image_ids=["a"])
    assert popularity.rates(NEW, image_ids=["a", "b"]) == counted(act("bo", "like", "b")).rates(
        NEW, image_ids=["a", "b"]
    )
    popularity.forget(User("default", "bo"))
    assert len(popularity) == 0
    assert popularity.rates(NEW, image_ids=["b"]) == {}


def test_one_user_keeps_a_bounded_number_of_images() -> None:
    popularity = counted(*(act("u", "like", str(n)) for n in range(MAX_PER_USER + 50)))
    assert len(popularity) == popularity.count(User("default", "u")) == MAX_PER_USER
    assert not popularity.rates(NEW, image_ids=["0"])


def test_the_opinions_of_the_user_do_not_count() -> None:
    events = [act("bo", "like", "b"), act("bo", "view", "a"), act("cy", "dislike", "a")]
    popularity = counted(*events, *(act("ana", "like", image) for image in ("a", "b", "own")))
    ana = User("default", "ana")
    images = ["a", "b", "own", "unknown"]
    assert popularity.rates(ana, image_ids=images) == pytest.approx(
        counted(*events).rates(ana, image_ids=images)
    )
    assert popularity.rates(ana, image_ids=["own"]) == {}
    assert counted(act("ana", "like", "own")).scores(ana, image_ids=["own"]) == {}


def test_popularity_as_a_score_is_bounded_and_neutral_for_unknown_images() -> None:
    popularity = counted(
        *(act(f"u-{n}", "like", "liked") for n in range(500)),
        *(act(f"u-{n}", "hide", "hidden") for n in range(500)),
        act("u-0", "like", "once"),
    )
    scores = popularity.scores(NEW, image_ids=["liked", "hidden", "once", "unknown"])
    assert scores["unknown"] == 2.5
    assert 2.5 < scores["once"] < scores["liked"] <= 5
    assert 0 <= scores["hidden"] < 0.5


def test_a_large_tenant_does_not_push_out_a_small_one() -> None:
    popularity = Popularity(max_entries=100)
    popularity.add(act("u", "like", "precious", tenant="small"))
    for number in range(1_000):
        popularity.add(act(f"u-{number}", "like", "a", tenant="large"))
        assert len(popularity) <= 100
    assert popularity.rates(User("small", "new"), image_ids=["precious"])
    assert popularity.count(User("large", "u-999")) == 1
    assert popularity.count(User("large", "u-0")) == 0


def test_counts_equal_a_count_from_the_start_after_any_history() -> None:
    random = Random(5)
    popularity = Popularity(max_entries=60)
    users = [f"u-{n}" for n in range(12)]
    for minute in range(2_000):
        if random.random() < 0.02:
            popularity.forget(User("default", random.choice(users)))
        kind = random.choice(["view", "click", "like", "dislike"])
        image = str(random.randrange(15))
        popularity.add(act(random.choice(users), kind, image, minute=minute))  # type: ignore[arg-type]
    (tenant,) = popularity._tenants.values()
    opinions = [
        (image, opinion) for of_user in tenant.users.values() for image, opinion in of_user.items()
    ]
    assert len(popularity) == tenant.entries == tenant.viewers == len(opinions)
    for image, count in tenant.images.items():
        values = [opinion.value for name, opinion in opinions if name == image]
        assert count.viewers == len(values)
        assert count.value == pytest.approx(sum(values))
