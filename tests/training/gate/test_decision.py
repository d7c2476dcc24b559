"""The gate promotes or keeps, and gives the reason."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from training.gate.decision import Decision, decide
from training.gate.evidence import Evidence, FormatCount, Pair, PairSet
from training.gate.findings import examine
from training.gate.rules import Rules
from training.gate.simulate.evidence import SimulatedJob, draw_evidence

RULES = Rules(draws=1_000)
BETTER = SimulatedJob(gain=0.06, benchmark_gain=0.0)


def _decision(evidence: Evidence) -> Decision:
    return decide(examine(evidence, RULES, seed=0), RULES)


def _better() -> Evidence:
    return draw_evidence(BETTER, seed=1)


def test_a_challenger_that_is_better_everywhere_takes_over() -> None:
    decision = _decision(_better())
    assert (decision.verdict, decision.code) == ("promote", "better")
    assert "4000 pairs of 800 held-out users" in decision.reason
    assert all(check.passed for check in decision.checks)


def test_the_champion_itself_is_never_promoted_over_itself() -> None:
    evidence = _better()
    same = replace(evidence.held_out_users, challenger=evidence.held_out_users.champion)
    decision = _decision(replace(evidence, held_out_users=same))
    assert (decision.verdict, decision.code) == ("keep", "no_signal")
    assert "may be chance" in decision.reason


def test_a_worse_challenger_gets_the_code_worse() -> None:
    decision = _decision(draw_evidence(SimulatedJob(gain=-0.06), seed=1))
    assert (decision.verdict, decision.code) == ("keep", "worse")


def _form(evidence: Evidence) -> Evidence:
    return replace(evidence, challenger_format=FormatCount(2_000, 1_989))


def _no_benchmark(evidence: Evidence) -> Evidence:
    return replace(evidence, benchmark={})


def _order(evidence: Evidence) -> Evidence:
    worse = evidence.order.challenger.copy()
    worse[:100] = 0
    return replace(evidence, order=replace(evidence.order, challenger=worse))


def _no_order(evidence: Evidence) -> Evidence:
    return replace(evidence, order=PairSet.of([]))


def _later_days(evidence: Evidence) -> Evidence:
    later = evidence.later_days
    return replace(
        evidence, later_days=replace(later, champion=later.challenger, challenger=later.champion)
    )


def _one_split(evidence: Evidence) -> Evidence:
    split = evidence.benchmark["multi_unseen"]
    lost = split.challenger.copy()
    lost[:40] = 0
    return replace(
        evidence,
        benchmark={**evidence.benchmark, "multi_unseen": replace(split, challenger=lost)},
    )


def _few(evidence: Evidence) -> Evidence:
    few = PairSet.of([Pair(user=str(n % 40), champion=0, challenger=1) for n in range(400)])
    return replace(evidence, held_out_users=few)


def _no_users(evidence: Evidence) -> Evidence:
    return replace(evidence, held_out_users=PairSet.of([]))


def _below_the_release(evidence: Evidence) -> Evidence:
    benchmark = {
        name: replace(pairs, more={"release": np.ones(pairs.pairs)})
        for name, pairs in evidence.benchmark.items()
    }
    return replace(evidence, benchmark=benchmark)


@pytest.mark.parametrize(
    ("spoil", "code", "phrase"),
    [
        (_form, "format", "99.4"),
        (_no_benchmark, "too_little_data", "benchmark was not run"),
        (_order, "order", "both orders"),
        (_no_order, "too_little_data", "position bias"),
        (_later_days, "later_days", "later days"),
        (_one_split, "benchmark", "multi unseen"),
        (_few, "too_little_data", "400 pairs of 40 held-out users"),
        (_no_users, "too_little_data", "0 pairs of 0 held-out users"),
        (_below_the_release, "release", "as released"),
    ],
)
def test_one_failed_condition_keeps_the_champion_and_is_named(
    spoil: Callable[[Evidence], Evidence], code: str, phrase: str
) -> None:
    decision = _decision(spoil(_better()))
    assert (decision.verdict, decision.code) == ("keep", code)
    assert phrase in decision.reason
    assert decision.reason.startswith("champion keeps serving.")


def test_format_errors_as_frequent_as_the_champions_do_not_block_promotion() -> None:
    equal = replace(_form(_better()), champion_format=FormatCount(2_000, 1_989))
    assert _decision(equal).verdict == "promote"
    few = replace(_form(_better()), champion_format=FormatCount(100, 90))
    assert _decision(few).code == "format"


def test_missing_later_days_do_not_block_promotion() -> None:
    assert _decision(replace(_better(), later_days=PairSet.of([]))).verdict == "promote"


def test_the_reason_names_every_failed_condition() -> None:
    decision = _decision(_form(_order(_better())))
    assert decision.code == "format"
    assert "order consistency not worse" in decision.reason


def test_one_user_with_half_of_all_pairs_does_not_decide() -> None:
    honest = draw_evidence(SimulatedJob(), seed=5)
    active = PairSet.of([Pair(user="active", champion=0, challenger=1)] * 4_000)
    pairs = honest.held_out_users
    both = PairSet(
        users=np.concatenate([pairs.users, active.users + pairs.user_count]),
        weights=np.concatenate([pairs.weights, active.weights]),
        champion=np.concatenate([pairs.champion, active.champion]),
        challenger=np.concatenate([pairs.challenger, active.challenger]),
    )
    findings = examine(replace(honest, held_out_users=both), RULES, seed=0)
    assert findings.held_out_users is not None
    assert abs(findings.held_out_users.difference.value) < 0.02
    assert decide(findings, RULES).verdict == "keep"
