"""FairPairs: over 100,000 slates, the measured frequencies match the stated probabilities."""

import math
import random
from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessor.steps.reranking.exploration import Place, fair_pairs, propensity
from shared.domain.ids import exploration_seed
from shared.domain.requests.request_key import RequestKey

SLATES = 100_000
STANDARD_ERRORS = 5.0
"""Among some 60 compared shares, one differs by more than this by chance once in 30,000 runs."""


def _seed(number: int) -> UUID:
    return exploration_seed(RequestKey("t", "ana", f"r-{number}"), request_hash="0")


@pytest.mark.parametrize(("count", "share"), [(7, 0.3), (8, 1.0), (2, 0.5)])
def test_100_000_slates_confirm_every_propensity(count: int, share: float) -> None:
    shown: Counter[tuple[int, int]] = Counter()
    stated: dict[tuple[int, int], float] = {}
    for number in range(SLATES):
        for rank, place in enumerate(fair_pairs(count, share=share, seed=_seed(number))):
            shown[place.origin, rank] += 1
            stated[place.origin, rank] = place.propensity
    assert math.isclose(sum(stated.values()), count)
    for origin_and_rank, probability in stated.items():
        frequency = shown[origin_and_rank] / SLATES
        assert abs(frequency - probability) <= _error(probability), origin_and_rank


def test_100_000_slates_show_both_orders_of_every_pair_equally_often() -> None:
    above: Counter[tuple[int, int]] = Counter()
    for number in range(SLATES):
        for upper, lower in _pairs(fair_pairs(6, share=1.0, seed=_seed(number))):
            above[upper.origin, lower.origin] += 1
    for first in range(5):
        kept, swapped = above[first, first + 1], above[first + 1, first]
        assert abs(kept / (kept + swapped) - 0.5) <= _error(0.5, kept + swapped)


def test_100_000_slates_contain_the_configured_share_of_explored_ones() -> None:
    explored = sum(
        any(place.explored for place in fair_pairs(6, share=0.1, seed=_seed(number)))
        for number in range(SLATES)
    )
    assert abs(explored / SLATES - 0.1) <= _error(0.1)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 300])
def test_the_probabilities_of_one_image_sum_to_one(count: int) -> None:
    for origin in range(count):
        total = sum(propensity(origin, shown, count=count, share=0.4) for shown in range(count))
        assert math.isclose(total, 1)


def test_exploration_of_the_same_request_gives_the_same_places() -> None:
    assert fair_pairs(20, share=1, seed=_seed(3)) == fair_pairs(20, share=1, seed=_seed(3))
    assert len({fair_pairs(20, share=1, seed=_seed(n)) for n in range(50)}) > 40


def test_with_share_zero_no_image_moves_and_every_propensity_is_one() -> None:
    for number in range(100):
        places = fair_pairs(5, share=0, seed=_seed(number))
        assert [(p.origin, p.propensity, p.explored) for p in places] == [
            (origin, 1.0, False) for origin in range(5)
        ]


@pytest.mark.parametrize("count", [0, 1])
def test_a_slate_without_neighbors_cannot_be_explored(count: int) -> None:
    places = fair_pairs(count, share=1, seed=_seed(1))
    assert [(p.propensity, p.explored) for p in places] == [(1.0, False)] * count


def _pairs(places: tuple[Place, ...]) -> list[tuple[Place, Place]]:
    """The pairs as a reader of the feed sees them: explored places, two by two from the first."""
    explored = [place for place in places if place.explored]
    return list(zip(explored[::2], explored[1::2], strict=True))


def _error(share: float, count: int = SLATES) -> float:
    return STANDARD_ERRORS * math.sqrt(share * (1 - share) / count) + 1e-12


def test_users_and_contents_with_one_request_id_are_drawn_independently() -> None:
    def draws(requests: list[tuple[RequestKey, str]]) -> set[tuple[Place, ...]]:
        seeds = [exploration_seed(request, request_hash=content) for request, content in requests]
        return {fair_pairs(20, share=1, seed=seed) for seed in seeds}

    request = RequestKey("t", "ana", "home")
    users = [(request._replace(user_id=f"user-{n}"), "0") for n in range(50)]
    tenants = [(request._replace(tenant=f"t-{n}"), "0") for n in range(50)]
    contents = [(request, str(n)) for n in range(50)]
    assert [len(draws(requests)) > 40 for requests in (users, tenants, contents)] == [True] * 3
    assert len(draws([(request, "0")] * 50)) == 1
    assert exploration_seed(RequestKey("t", "a/b", "c"), request_hash="0") != exploration_seed(
        RequestKey("t", "a", "b/c"), request_hash="0"
    )


@given(st.integers(0, 12), st.sets(st.integers(0, 11)), st.floats(0, 1), st.uuids())
def test_fixed_places_are_never_explored_and_all_propensities_are_probabilities(
    count: int, fixed: set[int], share: float, seed: UUID
) -> None:
    places = fair_pairs(count, share=share, seed=seed, fixed=fixed)
    assert sorted(place.origin for place in places) == list(range(count))
    for shown, place in enumerate(places):
        assert shown not in fixed or place == Place(shown, 1.0, False)
    for origin in range(count):
        chances = [
            propensity(origin, shown, count=count, share=share, fixed=fixed)
            for shown in range(count)
        ]
        assert sum(chances) == pytest.approx(1)


def test_propensities_around_a_fixed_place_are_those_of_the_draws() -> None:
    fixed, rng, draws = {2}, random.Random(7), 20_000
    counts: Counter[tuple[int, int]] = Counter()
    for _ in range(draws):
        seed = UUID(int=rng.getrandbits(128))
        places = fair_pairs(5, share=0.8, seed=seed, fixed=fixed)
        counts.update((place.origin, shown) for shown, place in enumerate(places))
    for origin in range(5):
        for shown in range(5):
            expected = propensity(origin, shown, count=5, share=0.8, fixed=fixed)
            assert counts[origin, shown] / draws == pytest.approx(expected, abs=0.015)
