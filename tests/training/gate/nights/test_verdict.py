"""Pairs become one bounded gain a person, nights count together, and a night says what it lacks."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from training.gate.decision import Decision, decide
from training.gate.evidence import Evidence, PairSet, as_json, evidence_from_json
from training.gate.findings import examine
from training.gate.nights.end_to_end import ARMS, EarlierNight, EndToEnd, PredictedPairs
from training.gate.nights.gains import smooth_answers, user_gains
from training.gate.nights.verdict import hostile_allowance
from training.gate.rules import Rules
from training.gate.simulate.evidence import SimulatedJob, draw_evidence, of_two_models
from training.gate.simulate.nights import RealNights, draw_night

RULES = Rules(draws=300)


def _night(seed: int = 0, **truth: object) -> PredictedPairs:
    nights = RealNights(**truth)  # type: ignore[arg-type]
    return draw_night(np.random.default_rng(seed), nights, np.zeros(nights.people))


def _pairs(users: list[int], margins: Mapping[str, list[float]]) -> PredictedPairs:
    return PredictedPairs(
        np.array(users), np.ones(len(users)), {arm: np.array(margins[arm]) for arm in ARMS}
    )


def _evidence(pairs: PredictedPairs, earlier: tuple[EarlierNight, ...] = ()) -> Evidence:
    base = draw_evidence(SimulatedJob(pairs=300, users=100), seed=3)
    return replace(base, end_to_end=EndToEnd(pairs, earlier, until=7))


def _decision(evidence: Evidence) -> Decision:
    return decide(examine(evidence, RULES, seed=0), RULES)


def _earlier(seed: int, **truth: object) -> EarlierNight:
    pairs = _night(seed, **truth)
    gains = tuple(map(float, user_gains(pairs, RULES)))
    return EarlierNight(f"nightly-{seed}", f"nano-{seed}", pairs.pairs, gains)


def test_more_extreme_scores_are_no_gain() -> None:
    pairs = _night()
    margins = {
        arm: pairs.margins["champion"] * (5.0 if arm == "challenger" else 1.0) for arm in ARMS
    }
    same = replace(pairs, margins=margins)
    assert user_gains(same, RULES) == pytest.approx(np.zeros(80))


def test_all_ties_are_one_half_and_no_gain() -> None:
    pairs = _pairs([0, 0, 1], {arm: [0.0, 0.0, 0.0] for arm in ARMS})
    assert smooth_answers(pairs, "challenger").tolist() == [0.5] * 3
    assert user_gains(pairs, RULES).tolist() == [0.0, 0.0]
    assert pairs.right("champion").tolist() == [0.5] * 3


def test_rounding_of_totals_is_a_tie_and_no_choice() -> None:
    noise = [1e-9, -3e-8, 2e-8]
    pairs = _pairs([0, 0, 1], {**dict.fromkeys(ARMS, noise), "challenger": [1.0, 2.0, 1e-8]})
    assert smooth_answers(pairs, "champion").tolist() == [0.5] * 3
    # The median margin is that of the pairs that the challenger tells apart.
    assert smooth_answers(pairs, "challenger") == pytest.approx(
        [1 / (1 + np.exp(-2 / 1.5)), 1 / (1 + np.exp(-4 / 1.5)), 0.5]
    )


def test_no_pairs_have_no_gains() -> None:
    assert user_gains(PredictedPairs.of([]), RULES).size == 0


def test_one_person_with_half_of_all_pairs_counts_as_one() -> None:
    gains = user_gains(_night(half_of_clicks=True), RULES)
    assert gains.size == 81
    assert gains[-1] == RULES.max_change_per_user
    assert _decision(_evidence(_night(half_of_clicks=True))).verdict == "keep"


def test_three_points_are_found_over_nights_that_show_nothing_alone() -> None:
    truth = {"gain": 0.03, "people": 80, "changed": 0.2}
    earlier = tuple(_earlier(seed, **truth) for seed in range(1, 6))
    pooled = examine(_evidence(_night(9, **truth), earlier), RULES, seed=0).pooled
    assert pooled is not None
    assert pooled.shown == "better"
    alone = examine(_evidence(_night(9, **truth)), RULES, seed=0).pooled
    assert alone is not None
    assert alone.shown == "open"
    assert [night.challenger for night in pooled.nights[:2]] == ["nano-1", "nano-2"]
    assert "of 6 nights" in _decision(_evidence(_night(9, **truth), earlier)).reason


def test_a_loss_over_nights_ends_the_candidate() -> None:
    truth = {"gain": -0.05, "people": 100, "changed": 0.2}
    earlier = tuple(_earlier(seed, **truth) for seed in range(1, 4))
    decision = _decision(_evidence(_night(9, **truth), earlier))
    assert (decision.verdict, decision.code) == ("keep", "worse")
    assert "starts without it" in decision.reason


def test_a_night_that_cannot_judge_says_what_it_needs() -> None:
    decision = _decision(_evidence(_night()))
    assert (decision.verdict, decision.code) == ("keep", "no_signal")
    assert "found in four of five cases with about" in decision.reason
    assert "more night" in decision.reason


def test_nobody_is_too_little_data() -> None:
    decision = _decision(_evidence(PredictedPairs.of([])))
    assert decision.code == "too_little_data"
    assert "0 pairs of 0 held-out users" in decision.reason


def test_a_night_without_new_pairs_keeps_what_the_nights_before_showed() -> None:
    truth = {"gain": 0.05, "people": 100, "changed": 0.2}
    earlier = tuple(_earlier(seed, **truth) for seed in range(1, 5))
    pooled = examine(_evidence(PredictedPairs.of([]), earlier), RULES, seed=0).pooled
    assert pooled is not None
    assert (pooled.shown, pooled.arms, pooled.nights[-1].people) == ("better", {}, 0)


def test_a_challenger_that_nobody_judged_is_not_promoted_for_the_nights_before() -> None:
    truth = {"gain": 0.05, "people": 100, "changed": 0.2}
    earlier = tuple(_earlier(seed, **truth) for seed in range(1, 5))
    decision = _decision(_evidence(PredictedPairs.of([]), earlier))
    assert (decision.verdict, decision.code) == ("keep", "too_little_data")
    assert "no new choice" in decision.reason


def test_few_people_may_hide_one_hostile_account() -> None:
    assert hostile_allowance(500, RULES) == pytest.approx(0.02 * 0.15)
    assert hostile_allowance(10, RULES) == pytest.approx(0.015)


def test_weights_and_adapter_are_told_apart() -> None:
    right, wrong = [1.0] * 4, [-1.0] * 4
    only_weights = _pairs(
        [0, 0, 1, 1],
        {"champion": wrong, "weights_alone": right, "adapter_alone": wrong, "challenger": right},
    )
    pooled = examine(_evidence(only_weights), RULES, seed=0).pooled
    assert pooled is not None
    assert {arm: share.value for arm, share in pooled.arms.items()} == {
        "champion": 0.0, "weights_alone": 1.0, "adapter_alone": 0.0, "challenger": 1.0,
    }  # fmt: skip
    assert pooled.differences["adapter_alone"].value == 0.0


def test_evidence_of_nights_survives_json() -> None:
    evidence = _evidence(_night(people=5), (_earlier(1, people=4),))
    read = evidence_from_json(as_json(evidence))
    assert read.end_to_end is not None
    assert evidence.end_to_end is not None
    assert read.end_to_end.earlier == evidence.end_to_end.earlier
    assert read.end_to_end.until == 7
    assert np.array_equal(read.end_to_end.pairs.users, evidence.end_to_end.pairs.users)


def test_without_predictions_the_stored_profiles_decide() -> None:
    evidence = replace(_evidence(_night()), end_to_end=None)
    assert "agrees with" in _decision(evidence).reason
    none = replace(evidence, held_out_users=PairSet.of([]))
    assert _decision(none).code == "too_little_data"


def test_margins_that_are_no_numbers_are_an_error() -> None:
    with pytest.raises(ValueError, match="not a number"):
        of_two_models(
            users=np.array([0]), weights=np.ones(1), champion=np.array([np.nan]),
            challenger=np.zeros(1),
        )  # fmt: skip
