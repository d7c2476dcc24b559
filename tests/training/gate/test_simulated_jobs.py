"""The gate promotes a better challenger and keeps the champion against a bad one."""

import pytest

from training.gate.rules import Rules
from training.gate.simulate.jobs import BETTER, EQUAL, JOBS, POISONED, as_table, simulate

RULES = Rules(draws=500)


def _promoted(name: str, jobs: int) -> float:
    (row,) = simulate([name], jobs=jobs, rules=RULES, seed=7)
    return row.promoted


@pytest.mark.parametrize("name", [n for n, (kind, _) in JOBS.items() if kind == EQUAL])
def test_an_equal_challenger_is_promoted_in_at_most_one_job_of_twenty(name: str) -> None:
    assert _promoted(name, 60) <= 0.05


@pytest.mark.parametrize("name", [n for n, (kind, _) in JOBS.items() if kind == POISONED])
def test_a_poisoned_job_is_not_promoted(name: str) -> None:
    assert _promoted(name, 40) <= 0.05


@pytest.mark.parametrize("name", [n for n, (kind, _) in JOBS.items() if kind == BETTER])
def test_a_gain_of_three_points_on_four_thousand_pairs_is_promoted(name: str) -> None:
    # At least 0.8 over 200 jobs; of 40 jobs at 0.85, 28 or more pass in 99 cases of 100.
    assert _promoted(name, 40) >= 0.7


def test_a_click_farm_would_pass_by_the_plain_interval_alone() -> None:
    (row,) = simulate(["farm of 2 % of the users"], jobs=10, rules=RULES, seed=7)
    assert row.by_interval_alone == 1.0
    assert row.name in as_table([row])
