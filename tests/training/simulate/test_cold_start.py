"""The population, the questions and the report of the cold-start simulation."""

from dataclasses import replace

import numpy as np
import pytest

from training.simulate.cold_start.arms import (
    ARMS,
    likes,
    most_telling_images,
    strongest_first,
)
from training.simulate.cold_start.compare_shares import counted, orders
from training.simulate.cold_start.measure import (
    CHECKPOINTS,
    TEST_IMAGES,
    Measured,
    in_tenant,
    split,
    tenant_of,
)
from training.simulate.cold_start.population import VIEWS, Population, draw_population
from training.simulate.cold_start.recorded_feeds import RecordedFeed, RecordedItem
from training.simulate.cold_start.report import describe, plot, results

IMAGES = 60


@pytest.fixture(scope="module")
def population() -> Population:
    return draw_population(new=6, others=12, images=IMAGES, seed=3)


def test_a_population_is_the_same_for_a_seed(population: Population) -> None:
    again = draw_population(new=6, others=12, images=IMAGES, seed=3)
    assert [str(user) for user in again.new_users] == list(map(str, population.new_users))
    assert again.catalog.uris == population.catalog.uris
    actions = [(e.user_id, e.type, e.image_id) for e in population.feedback]
    assert actions == [(e.user_id, e.type, e.image_id) for e in again.feedback]


def test_the_feedback_is_that_of_the_other_users(population: Population) -> None:
    new = {user.name for user in population.new_users}
    assert not new & {event.user_id for event in population.feedback}
    assert population.history.views.sum() == 12 * VIEWS
    assert sum(event.type == "view" for event in population.feedback) == 12 * VIEWS
    assert population.history.clicks.sum() == sum(e.type == "click" for e in population.feedback)


def test_each_arm_has_a_tenant_with_the_feedback_of_the_others(population: Population) -> None:
    """The likes of the same user in another arm must not be popularity."""
    assert len({tenant_of(arm) for arm in ARMS}) == len(ARMS)
    event = population.feedback[0]
    copied = in_tenant(event, tenant_of(ARMS[1]))
    assert copied.tenant == tenant_of(ARMS[1])
    assert copied.event_id != event.event_id
    assert (copied.user_id, copied.image_id) == (event.user_id, event.image_id)


def test_several_new_users_share_a_taste(population: Population) -> None:
    tastes = [user.taste for user in population.new_users]
    assert any(tastes[i] is tastes[j] for i in range(6) for j in range(i))


def test_a_user_acts_on_no_test_image(population: Population) -> None:
    test, pool = split(population, 0, seed=3)
    assert len(test) == TEST_IMAGES
    assert sorted([*test.tolist(), *pool]) == list(range(IMAGES))


def test_questions_are_different_images_of_the_pool(population: Population) -> None:
    _, pool = split(population, 0, seed=3)
    vectors = np.random.default_rng(1).normal(size=(IMAGES, 8)).astype(np.float32)
    questions = most_telling_images(vectors, pool, count=10)
    assert len(set(questions)) == 10
    assert set(questions) <= set(pool)


def test_the_strongest_opinion_is_stated_first(population: Population) -> None:
    user, catalog = population.new_users[0], population.catalog
    appeal = user.appeal(catalog.shown)
    strength = np.abs(appeal - appeal.mean())
    ordered = strongest_first(user, catalog, list(range(12)))
    assert sorted(ordered) == list(range(12))
    assert strength[ordered].tolist() == sorted(strength[:12], reverse=True)
    assert likes(user, catalog, int(appeal.argmax()))
    assert not likes(user, catalog, int(appeal.argmin()))


def test_the_report_has_intervals_and_a_line_for_each_ranking() -> None:
    rng = np.random.default_rng(1)
    measured = Measured(
        by_arm={
            arm: {k: (0.7 + 0.02 * k + rng.normal(0, 0.01, 20)).tolist() for k in CHECKPOINTS}
            for arm in ARMS
        },
        without_popularity={k: (0.65 + rng.normal(0, 0.01, 20)).tolist() for k in CHECKPOINTS},
        baselines={
            "popularity": rng.normal(0.8, 0.01, 20).tolist(), "oracle": [1.0] * 20,
            "random": rng.normal(0.7, 0.01, 20).tolist(),
        },
    )  # fmt: skip
    summary = results({1: measured, 2: measured})
    assert summary["users"] == 40
    row = summary["ndcg"]["opinions on the feed"]
    assert [point["mean"] for point in row] == pytest.approx([0.7, 0.72, 0.76, 0.8, 0.9], abs=0.01)
    assert all(point["low"] < point["mean"] < point["high"] for point in row)
    assert summary["differences"]["one action minus none, on the feed"]["low"] > 0
    assert summary["differences"]["with popularity minus own scores alone, after 10"]["low"] > 0
    assert "| oracle | 1.000" in describe(summary)
    drawn = plot(summary)
    assert drawn.count("<polyline") == len(summary["ndcg"]) == 7
    assert ">10</text>" in drawn
    on_the_feed = replace(measured, by_arm={"feed": measured.by_arm["feed"]})
    assert len(results({1: on_the_feed})["ndcg"]) == 5


def test_a_share_of_popularity_changes_the_order_of_the_test_images(
    population: Population,
) -> None:
    test, _ = split(population, 0, seed=3)
    own = np.linspace(25, 0, len(test))
    popularity = {others: counted(population, others) for others in (2, 12)}
    assert len(popularity[2]) < len(popularity[12])
    by_name = orders(own, popularity, test, references=1)
    assert by_name["12 other users, share 0"].tolist() == test.tolist()
    by_popularity = by_name["12 other users, share 1"].tolist()
    assert sorted(by_popularity) == sorted(test.tolist())
    assert by_popularity != test.tolist()


def test_a_recorded_feed_can_be_ranked_without_popularity() -> None:
    items = [
        RecordedItem(number=7, total=5.0, popularity=4.0),
        RecordedItem(number=3, total=20.0, popularity=1.0),
    ]
    feed = RecordedFeed(arm="feed", user=0, actions=1, status="ok", items=tuple(items))
    assert feed.order.tolist() == [7, 3]
    assert feed.order_without_popularity.tolist() == [3, 7]
    cold = [item.model_copy(update={"total": None}) for item in items]
    first = feed.model_copy(update={"items": tuple(cold)})
    assert first.order_without_popularity.tolist() == [7, 3]
