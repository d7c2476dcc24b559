"""Images are drawn by chance with their exact probabilities."""

from collections import Counter
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessor.steps.retrieval.random_draw import (
    WHOLE,
    drawn,
    drawn_cell,
    estimated_count,
)
from shared.domain.ids import catalog_point_id, derived_id
from shared.domain.images.image_key import ImageKey


def seed(number: int) -> UUID:
    return derived_id("test", number)


def points(count: int) -> dict[UUID, str]:
    """The ids of a catalog's points, ascending, with their images."""
    names = [f"i{number}" for number in range(count)]
    by_id = {catalog_point_id(ImageKey("default", name)): name for name in names}
    return {point: by_id[point] for point in sorted(by_id)}


def counted(ids: list[UUID]) -> float:
    """About how many ids there are, by the first page of them."""
    return estimated_count(32, last=ids[31])


@given(st.sets(st.text(max_size=3)), st.integers(0, 20), st.integers(0, 50))
def test_a_draw_has_the_number_of_images_that_it_can_have(
    pool: set[str], number: int, of_seed: int
) -> None:
    without = set(sorted(pool)[::3])
    images = drawn(sorted(pool), number=number, seed=seed(of_seed), viewers={}, without=without)
    assert images.keys() <= pool - without
    assert len(images) == min(number, len(pool - without))
    assert all(0 < probability <= 1 for probability in images.values())


def test_the_same_seed_draws_the_same_images_in_whatever_order_they_are_read() -> None:
    pool = [f"i{number}" for number in range(50)]
    draws = [drawn(order, number=5, seed=seed(1), viewers={}) for order in (pool, pool[::-1])]
    assert draws[0] == draws[1]
    assert draws[0] != drawn(pool, number=5, seed=seed(2), viewers={})


def test_hardly_viewed_images_come_first_and_others_fill_the_rest() -> None:
    pool = [f"i{number}" for number in range(10)]
    viewers = dict.fromkeys(pool[3:], 100)
    assert drawn(pool, number=2, seed=seed(1), viewers=viewers).keys() <= set(pool[:3])
    images = drawn(pool, number=5, seed=seed(1), viewers=viewers)
    assert {name for name, probability in images.items() if probability == 1} == set(pool[:3])
    assert sorted(images.values()) == [2 / 7, 2 / 7, 1, 1, 1]


def test_a_small_catalog_is_one_cell() -> None:
    assert drawn_cell(seed(0), count=40, number=5) == WHOLE


@pytest.mark.parametrize("count", [1_000, 5_000])
def test_a_cell_has_enough_images_and_not_many_more(count: int) -> None:
    ids = list(points(count))
    sizes = []
    for number in range(100):
        cell = drawn_cell(seed(number), count=counted(ids), number=5)
        assert cell.probability < 1
        sizes.append(sum(cell.holds(point) for point in ids))
    assert min(sizes) >= 10
    assert np.mean(sizes) < 200


def test_the_probabilities_are_those_of_all_random_draws() -> None:
    """The sum of 1/p over drawn images estimates the size of the catalog without bias
    (Horvitz and Thompson, JASA 1952), and each image is drawn as often as its probability says."""
    by_id, draws = points(300), 1_500
    ids = list(by_id)
    sums, times = [], Counter[str]()
    expected: dict[str, float] = {}
    for number in range(draws):
        cell = drawn_cell(seed(number), count=counted(ids), number=5)
        pool = [by_id[point] for point in ids if cell.holds(point)]
        images = drawn(pool, number=5, seed=seed(number), viewers={})
        probabilities = {name: cell.probability * p for name, p in images.items()}
        sums.append(sum(1 / p for p in probabilities.values()))
        times.update(probabilities.keys())
        expected |= probabilities
    error = np.std(sums) / np.sqrt(draws)
    assert abs(np.mean(sums) - 300) < 4 * error
    for name, probability in expected.items():
        deviation = np.sqrt(draws * probability)
        assert abs(times[name] - draws * probability) < 5 * deviation
