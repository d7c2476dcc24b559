"""How often the gate lets through what it should, and what it should not."""

import pytest

from training.gate.rules import Rules
from training.gate.simulate import BETTER, EQUAL, NIGHTS, POISONED, as_table, simulate

RULES = Rules(draws=500)


def _promoted(name: str, nights: int) -> float:
    (row,) = simulate([name], nights=nights, rules=RULES, seed=7)
    return row.promoted


@pytest.mark.parametrize("name", [n for n, (kind, _) in NIGHTS.items() if kind == EQUAL])
def test_an_equal_challenger_is_promoted_in_at_most_one_night_of_twenty(name: str) -> None:
    assert _promoted(name, 60) <= 0.05


@pytest.mark.parametrize("name", [n for n, (kind, _) in NIGHTS.items() if kind == POISONED])
def test_a_poisoned_night_does_not_pass(name: str) -> None:
    assert _promoted(name, 40) <= 0.05


@pytest.mark.parametrize("name", [n for n, (kind, _) in NIGHTS.items() if kind == BETTER])
def test_three_points_on_four_thousand_pairs_pass(name: str) -> None:
    # At least 0.8 over 200 nights; of 40 nights at 0.85, 28 or more pass in 99 cases of 100.
    assert _promoted(name, 40) >= 0.7


def test_a_farm_would_pass_by_the_plain_interval_alone() -> None:
    (row,) = simulate(["farm of 2 % of the users"], nights=10, rules=RULES, seed=7)
    assert row.by_pairs_alone == 1.0
    assert row.name in as_table([row])
