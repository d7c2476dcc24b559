"""Decide from the findings: promote or keep, with the reason in an operator's words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from scipy.stats import fisher_exact

from shared.jobs.result_codes import GateCode
from training.gate.evidence import FormatCount
from training.gate.findings import Comparison, Findings
from training.gate.nights.checks import enough_people, gain_sentence, predicted_checks
from training.gate.number_format import change, count, percent, points
from training.gate.rules import Check, Rules

Verdict = Literal["promote", "keep"]
CHANCE: Final = 0.05
"""Probability below which more format errors than the champion's are no chance."""


@dataclass(frozen=True)
class Decision:
    """What happens to the challenger, and why."""

    verdict: Verdict
    code: GateCode
    reason: str
    checks: tuple[Check, ...] = ()


def decide(findings: Findings, rules: Rules) -> Decision:
    """Promote only when every condition holds; the first one that fails gives the reason."""
    checks = tuple(_checks(findings, rules))
    failed = [check for check in checks if not check.passed]
    if failed:
        others = f" Also not met: {', '.join(c.title.lower() for c in failed[1:])}."
        reason = f"{findings.champion} keeps serving. {failed[0].explanation}"
        return Decision("keep", failed[0].code, reason + (others if failed[1:] else ""), checks)
    reason = f"{findings.challenger} takes over. {_shown_gain(findings)} All other conditions hold."
    return Decision("promote", "better", reason, checks)


def kept_after_crash(problem: str) -> Decision:
    """The decision when the gate could not judge: the champion keeps serving."""
    return Decision(
        "keep",
        "crash",
        f"The champion keeps serving. The gate could not judge the challenger: {problem}",
    )


def _checks(findings: Findings, rules: Rules) -> Iterator[Check]:
    if findings.predicts:
        yield enough_people(findings.pooled, rules)
    else:
        yield _enough_data(findings, rules)
    yield _format(findings, rules)
    if findings.pooled is not None:
        yield from predicted_checks(findings.pooled, rules)
    elif findings.held_out_users is not None and not findings.predicts:
        yield _better(findings.held_out_users)
        yield _many_users(findings, rules)
    yield _later_days(findings.later_days)
    yield _benchmark(findings, rules)
    yield from _splits(findings)
    yield from _release(findings, rules)
    yield _order(findings.order)


def _enough_data(findings: Findings, rules: Rules) -> Check:
    held_out = findings.held_out_users
    users, pairs = (held_out.users, held_out.pairs) if held_out else (0, 0)
    passed = users >= rules.min_users and pairs >= rules.min_pairs
    explanation = f"{pairs} pairs of {users} held-out users."
    if not passed:
        explanation = (
            f"There is too little data to judge: {pairs} pairs of {users} held-out users;"
            f" {rules.min_pairs} pairs of {rules.min_users} users are needed. Wait for more"
            " clicks, or collect over more days."
        )
    return Check("too_little_data", "Enough held-out users and pairs", passed, explanation)


def chance_of_fewer(challenger: FormatCount, champion: FormatCount) -> float:
    """Probability of as many errors of the challenger's if both have the same rate (Fisher)."""
    table = [[one.errors, one.well_formed] for one in (challenger, champion)]
    return float(fisher_exact(table, alternative="greater").pvalue)


def _most_frequent(formats: FormatCount) -> str:
    if not formats.problems:
        return ""
    problem, number = max(formats.problems.items(), key=lambda item: item[1])
    answers = count(number, "answer", "answers")
    return f" The challenger's most frequent error, in {answers}: {problem}."


def _format(findings: Findings, rules: Rules) -> Check:
    challenger, champion = findings.formats["challenger"], findings.formats["champion"]
    least = percent(rules.min_well_formed)
    title = f"At least {least} of answers well formed, or no fewer but by chance"
    if challenger.answers < rules.min_answers:
        explanation = (
            f"The format of only {challenger.answers} of the challenger's answers was checked;"
            f" {rules.min_answers} are needed."
        )
        return Check("too_little_data", title, False, explanation)
    explanation = (
        f"{100 * challenger.share:.2f} % of the challenger's {challenger.answers} answers keep the"
        f" format, and {100 * champion.share:.2f} % of the champion's {champion.answers}."
        f"{_most_frequent(challenger)}"
    )
    comparable = champion.answers >= rules.min_answers
    no_fewer = comparable and challenger.share >= champion.share
    by_chance = (
        comparable
        and challenger.share >= rules.min_well_formed_by_chance
        and chance_of_fewer(challenger, champion) > CHANCE
    )
    passed = challenger.share >= rules.min_well_formed or no_fewer or by_chance
    return Check("format", title, passed, explanation)


def _better(held_out: Comparison) -> Check:
    interval = held_out.difference
    code: GateCode = "worse" if interval.high < 0 else "no_signal"
    explanation = _gain(held_out)
    if interval.low <= 0:
        explanation += " It is worse." if interval.high < 0 else " That may be chance."
    return Check(code, "Better on held-out users", interval.low > 0, explanation)


def _many_users(findings: Findings, rules: Rules) -> Check:
    """A share s of hostile users moves the winsorized mean by at most s times the bound."""
    assert findings.winsorized is not None
    allowance = rules.hostile_share * rules.max_change_per_user
    passed = findings.winsorized.low > allowance
    explanation = (
        f"With each user's influence bounded the gain is {change(findings.winsorized)};"
        f" {percent(rules.hostile_share)} of the users acting together could fake"
        f" {points(allowance)}."
    )
    if not passed:
        explanation += " The gain may come from a few users; check the feedback first."
    return Check("few_users", "Carried by many users", passed, explanation)


def _later_days(comparison: Comparison | None) -> Check:
    title = "Later days of training users not worse"
    if comparison is None:
        return Check("later_days", title, True, "Training users have no later days yet.")
    difference = comparison.difference
    explanation = (
        f"On later days of training users: {change(difference)} over {comparison.pairs} pairs."
    )
    return Check("later_days", title, difference.high >= 0, explanation)


def _order(comparison: Comparison | None) -> Check:
    title = "Order consistency not worse"
    if comparison is None:
        explanation = "No pair was scored in both orders, so a position bias would not show."
        return Check("too_little_data", title, False, explanation)
    difference = comparison.difference
    explanation = f"Same answer in both orders: {change(difference)} over {comparison.pairs} pairs."
    return Check("order", title, difference.high >= 0, explanation)


def _benchmark(findings: Findings, rules: Rules) -> Check:
    accepted, margin = rules.accepted_benchmark_loss, rules.benchmark_margin
    title = f"At most {100 * accepted:.1f} points lost on the simulated benchmark"
    comparison = findings.benchmark
    if comparison is None:
        return Check("too_little_data", title, False, "The benchmark was not run.")
    interval = comparison.difference
    explanation = f"On the simulated benchmark: {change(interval)} over {comparison.pairs} pairs."
    is_accepted = interval.value >= -accepted or interval.high >= 0
    if not is_accepted:
        explanation += " The model lost abilities that it had; check whether the clicks are right."
    elif interval.low <= -margin:
        explanation += f" A loss of {points(margin)} cannot be ruled out; measure more pairs."
    passed = is_accepted and interval.low > -margin
    return Check("benchmark", title, passed, explanation)


def _splits(findings: Findings) -> Iterator[Check]:
    for name, comparison in findings.splits.items():
        split = name.replace("_", " ")
        explanation = (
            f"Benchmark, {split}: {change(comparison.difference)} over {comparison.pairs}"
            " pairs; the interval is widened for the number of splits."
        )
        passed = comparison.difference.high >= 0
        yield Check("benchmark", f"Benchmark, {split}, not worse", passed, explanation)


def _release(findings: Findings, rules: Rules) -> Iterator[Check]:
    difference = findings.benchmark.means.get("against_release") if findings.benchmark else None
    if difference is not None:
        explanation = f"Against the model as released, on the benchmark: {change(difference)}."
        title = f"At most {points(rules.release_margin)} below the release"
        yield Check("release", title, difference.low > -rules.release_margin, explanation)


def _shown_gain(findings: Findings) -> str:
    """Of a challenger that is promoted."""
    if findings.pooled is not None:
        return gain_sentence(findings.pooled)
    assert findings.held_out_users is not None
    return _gain(findings.held_out_users)


def _gain(held_out: Comparison) -> str:
    challenger, champion = held_out.means["challenger"].value, held_out.means["champion"].value
    return (
        f"On {held_out.pairs} pairs of {held_out.users} held-out users the challenger agrees with"
        f" {percent(challenger)} of their choices and the champion with {percent(champion)}:"
        f" {change(held_out.difference)}."
    )
