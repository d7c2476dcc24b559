"""The estimators are those of the literature, and their intervals contain the truth."""

import numpy as np
import pytest

from tests.training.statistics.offpolicy.logged_bandit import log, world
from training.statistics.offpolicy.decisions import Decisions
from training.statistics.offpolicy.estimators import Estimator, estimate, gain
from training.statistics.offpolicy.support import support

RUNS = 300


def small() -> Decisions:
    rng = np.random.default_rng(7)
    n = 40
    return Decisions(
        rewards=rng.integers(0, 2, n).astype(float),
        logged=rng.uniform(0.2, 0.9, n),
        target=rng.uniform(0, 1, n),
        clusters=rng.integers(0, 9, n),
        predicted=rng.uniform(0, 1, n),
        predicted_target=rng.uniform(0, 1, n),
    )


@pytest.mark.parametrize("estimator", ["snips", "dr", "sndr"])
def test_intervals_contain_the_truth(estimator: Estimator) -> None:
    covered = 0
    for seed in range(RUNS):
        w = world(seed)
        interval = estimate(log(w, seed), estimator)
        covered += interval.low <= w.truth <= interval.high
    assert covered / RUNS >= 0.93


def test_the_interval_of_a_gain_contains_the_truth() -> None:
    covered = 0
    for seed in range(RUNS):
        w = world(seed)
        interval = gain(log(w, seed, model=False), "snips")
        truth = w.truth - float((w.rates * w.logging).sum(axis=1).mean())
        covered += interval.low <= truth <= interval.high
    assert covered / RUNS >= 0.93


def test_a_wrong_model_biases_dm_and_not_dr() -> None:
    errors: dict[str, list[float]] = {"dm": [], "dr": []}
    for seed in range(60):
        w = world(seed)
        decisions = log(w, seed, users=400)
        for name, values in errors.items():
            values.append(estimate(decisions, name).value - w.truth)  # type: ignore[arg-type]
    assert abs(np.mean(errors["dr"])) < 0.01
    assert abs(np.mean(errors["dm"])) > 0.05


def test_the_policy_that_logged_is_valued_by_its_mean_reward() -> None:
    decisions = small()
    same = Decisions(decisions.rewards, decisions.logged, decisions.logged, decisions.clusters)
    assert estimate(same, "snips").value == pytest.approx(decisions.rewards.mean())
    assert gain(same, "snips").value == pytest.approx(0)


def test_decisions_of_one_user_do_not_narrow_an_interval() -> None:
    decisions = small()
    repeated = Decisions(
        *(np.tile(column, 20) for column in (decisions.rewards, decisions.logged,
                                             decisions.target)),
        clusters=np.tile(decisions.clusters, 20),
    )  # fmt: skip
    one, many = (estimate(d, "snips") for d in (decisions, repeated))
    assert one.high - one.low == pytest.approx(many.high - many.low)


def test_no_overlap_is_named() -> None:
    decisions = small()
    halved = Decisions(
        np.tile(decisions.rewards, 8), np.full(320, 0.5), np.tile([1.0, 0, 0, 0], 80),
        np.arange(320) % 40,
    )  # fmt: skip
    assert "below 1" in (support(halved).problem or "")
    few = Decisions(decisions.rewards, decisions.logged, decisions.target, decisions.clusters)
    assert "users" in (support(few).problem or "")
    none = Decisions(decisions.rewards, decisions.logged, np.zeros(40), decisions.clusters)
    with pytest.raises(ValueError, match="none of the logged actions"):
        estimate(none, "snips")


@pytest.mark.parametrize(
    ("column", "value"), [("logged", 0.0), ("logged", 1.5), ("target", -0.1), ("rewards", np.nan)]
)
def test_impossible_columns_are_refused(column: str, value: float) -> None:
    columns = {name: getattr(small(), name).copy() for name in ("rewards", "logged", "target")}
    columns[column][3] = value
    with pytest.raises(ValueError, match=column.rstrip("s")):
        Decisions(**columns, clusters=small().clusters)


def test_a_model_is_needed_where_it_is_used() -> None:
    d = small()
    with pytest.raises(ValueError, match="reward model"):
        estimate(Decisions(d.rewards, d.logged, d.target, d.clusters), "dr")


@pytest.mark.parametrize(
    ("estimator", "value"),
    [
        ("ips", 0.6965277777777777),
        ("snips", 0.3753274292129225),
        ("dm", 0.3925),
        ("dr", 0.4783564814814814),
        ("sndr", 0.43876418859922667),
    ],
)
def test_values_are_those_of_the_open_bandit_pipeline(estimator: Estimator, value: float) -> None:
    """Computed once by obp 0.4.1 (Saito et al. 2021) from these twelve decisions."""
    actions = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 2, 1, 0])
    policy = np.tile([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]], (4, 1))
    model = np.tile([[0.5, 0.3, 0.2], [0.6, 0.4, 0.1], [0.2, 0.5, 0.3], [0.9, 0.1, 0.4]], (3, 1))
    rows = np.arange(12)
    decisions = Decisions(
        rewards=np.array([1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1.0]),
        logged=np.array([0.5, 0.25, 0.25, 0.4, 0.3, 0.3, 0.6, 0.2, 0.2, 0.1, 0.45, 0.8]),
        target=policy[rows, actions],
        clusters=rows,
        predicted=model[rows, actions],
        predicted_target=(policy * model).sum(axis=1),
    )
    assert estimate(decisions, estimator).value == pytest.approx(value, abs=1e-12)
