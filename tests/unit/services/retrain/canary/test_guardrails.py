"""A canary is rolled back for significantly worse feedback or faults, not by chance."""

import numpy as np
import pytest

from services.retrain.canary.guardrails import (
    Guardrails,
    UserCounts,
    VariantTraffic,
    Verdict,
    apply_guardrails,
)

RAILS = Guardrails()


def _traffic(
    *, likes: float = 0.3, dislikes: float = 0.05, users: int = 200, seed: int = 0,
    degraded: float = 0.0, median_ms: float = 500,
) -> VariantTraffic:  # fmt: skip
    """Users with twenty views each on average; some like more images than others."""
    rng = np.random.default_rng(seed)
    views = 1 + rng.poisson(19, users)
    eagerness = rng.beta(10, 10, users) * 2
    counts = [
        UserCounts(int(v), int(rng.binomial(v, min(likes * k, 1))), int(rng.binomial(v, dislikes)))
        for v, k in zip(views, eagerness, strict=True)
    ]
    feeds = users * 4
    return VariantTraffic(counts, feeds, round(degraded * feeds), median_ms)


@pytest.mark.parametrize(
    ("canary", "verdict", "reason"),
    [
        (_traffic(seed=1), "passed", "no guardrail failed"),
        (_traffic(seed=1, likes=0.36), "passed", "no guardrail"),
        (_traffic(seed=1, likes=0.2), "roll_back", "likes fell from"),
        (_traffic(seed=1, dislikes=0.12), "roll_back", "dislikes rose from"),
        (_traffic(seed=1, degraded=0.1), "roll_back", "degraded"),
        (_traffic(seed=1, median_ms=1_500), "roll_back", "takes 1500 ms"),
        (_traffic(seed=1, users=20, likes=0.0), "wait", "are needed"),
    ],
)
def test_the_first_failed_guardrail_decides_about_a_canary(
    canary: VariantTraffic, verdict: Verdict, reason: str
) -> None:
    result = apply_guardrails(_traffic(), canary, RAILS)
    assert (result.verdict, reason in result.reason) == (verdict, True), result.reason


def test_twenty_feeds_suffice_to_detect_faults() -> None:
    canary = VariantTraffic([UserCounts(5, 1, 0)] * 5, feeds=20, degraded=10, median_ms=500)
    assert apply_guardrails(_traffic(), canary, RAILS).verdict == "roll_back"


def test_an_equal_canary_is_rolled_back_in_at_most_one_of_twenty_trials() -> None:
    rolled_back = sum(
        apply_guardrails(_traffic(seed=n), _traffic(seed=1_000 + n), RAILS).verdict == "roll_back"
        for n in range(100)
    )
    assert rolled_back <= 5


def test_one_hostile_user_does_not_end_a_trial() -> None:
    usual = _traffic(seed=1)
    hostile = VariantTraffic([*usual.users, UserCounts(300, 0, 300)], usual.feeds, 0, 500)
    assert apply_guardrails(_traffic(), hostile, RAILS).verdict == "passed"


def test_traffic_without_a_view_passes() -> None:
    silent = VariantTraffic([UserCounts(0, 0, 0)] * 50, feeds=300, degraded=0, median_ms=500)
    assert apply_guardrails(silent, silent, RAILS).verdict == "passed"
