"""A canary is sent away when what people do falls, and not by a bad hour."""

import numpy as np
import pytest

from services.retrain.canary.guardrails import (
    Guardrails,
    Traffic,
    UserCounts,
    Verdict,
    judge_canary,
)

RAILS = Guardrails()


def _traffic(
    *, likes: float = 0.3, dislikes: float = 0.05, users: int = 200, seed: int = 0,
    degraded: float = 0.0, median_ms: float = 500,
) -> Traffic:  # fmt: skip
    """Users with twenty views each on average, some keener than others."""
    rng = np.random.default_rng(seed)
    views = 1 + rng.poisson(19, users)
    keen = rng.beta(10, 10, users) * 2
    counts = [
        UserCounts(int(v), int(rng.binomial(v, min(likes * k, 1))), int(rng.binomial(v, dislikes)))
        for v, k in zip(views, keen, strict=True)
    ]
    feeds = users * 4
    return Traffic(counts, feeds, round(degraded * feeds), median_ms)


@pytest.mark.parametrize(
    ("canary", "verdict", "told"),
    [
        (_traffic(seed=1), "passed", "no guardrail fell"),
        (_traffic(seed=1, likes=0.36), "passed", "no guardrail"),
        (_traffic(seed=1, likes=0.2), "roll_back", "likes fell from"),
        (_traffic(seed=1, dislikes=0.12), "roll_back", "dislikes rose from"),
        (_traffic(seed=1, degraded=0.1), "roll_back", "degraded"),
        (_traffic(seed=1, median_ms=1_500), "roll_back", "takes 1500 ms"),
        (_traffic(seed=1, users=20, likes=0.0), "wait", "are needed"),
    ],
)
def test_a_canary_is_judged_by_its_worst_guardrail(
    canary: Traffic, verdict: Verdict, told: str
) -> None:
    found = judge_canary(_traffic(), canary, RAILS)
    assert (found.verdict, told in found.reason) == (verdict, True), found.reason


def test_faults_are_seen_in_twenty_feeds() -> None:
    canary = Traffic([UserCounts(5, 1, 0)] * 5, feeds=20, degraded=10, median_ms=500)
    assert judge_canary(_traffic(), canary, RAILS).verdict == "roll_back"


def test_an_equal_canary_is_sent_away_in_at_most_one_of_twenty_trials() -> None:
    sent_away = sum(
        judge_canary(_traffic(seed=n), _traffic(seed=1_000 + n), RAILS).verdict == "roll_back"
        for n in range(100)
    )
    assert sent_away <= 5


def test_one_hateful_user_does_not_end_a_trial() -> None:
    calm = _traffic(seed=1)
    hateful = Traffic([*calm.users, UserCounts(300, 0, 300)], calm.feeds, 0, 500)
    assert judge_canary(_traffic(), hateful, RAILS).verdict == "passed"


def test_traffic_without_a_single_view_is_no_reason_to_act() -> None:
    silent = Traffic([UserCounts(0, 0, 0)] * 50, feeds=300, degraded=0, median_ms=500)
    assert judge_canary(silent, silent, RAILS).verdict == "passed"
