"""Promote or keep: one decision from the findings, with the reason in an operator's words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from training.gate.findings import Comparison, Findings
from training.gate.formatting import change, percent, points
from training.gate.rules import Rules

Verdict = Literal["promote", "keep"]
Code = Literal[
    "better", "too_little_data", "format", "no_signal", "worse", "few_users", "later_days",
    "benchmark", "release", "order", "crash",
]  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One condition of promotion."""

    code: Code
    """What the decision is called when this is the first condition that fails."""
    title: str
    passed: bool
    told: str


@dataclass(frozen=True)
class Decision:
    """What happens to the challenger, and why."""

    verdict: Verdict
    code: Code
    reason: str
    checks: tuple[Check, ...] = ()


def decide(findings: Findings, rules: Rules) -> Decision:
    """Promote only when every condition holds; the first that does not gives the reason."""
    checks = tuple(_checks(findings, rules))
    failed = [check for check in checks if not check.passed]
    if failed:
        others = f" Also not met: {', '.join(c.title.lower() for c in failed[1:])}."
        reason = f"{findings.champion} keeps serving. {failed[0].told}"
        return Decision("keep", failed[0].code, reason + (others if failed[1:] else ""), checks)
    assert findings.held_out_users is not None
    gained = _gain(findings.held_out_users)
    reason = f"{findings.challenger} takes over. {gained} Nothing was lost elsewhere."
    return Decision("promote", "better", reason, checks)


def kept_after_crash(what: str) -> Decision:
    """The gate could not judge; the champion keeps serving."""
    return Decision(
        "keep",
        "crash",
        f"The champion keeps serving. The gate could not judge the challenger: {what}",
    )


def _checks(findings: Findings, rules: Rules) -> Iterator[Check]:
    yield _enough(findings, rules)
    yield _format(findings, rules)
    if findings.held_out_users is not None:
        yield _better(findings.held_out_users)
        yield _by_many(findings, rules)
    yield _later_days(findings.later_days)
    yield _benchmark(findings, rules)
    yield from _splits(findings)
    yield from _release(findings, rules)
    yield _order(findings.order)


def _enough(findings: Findings, rules: Rules) -> Check:
    found = findings.held_out_users
    users, pairs = (found.users, found.pairs) if found else (0, 0)
    passed = users >= rules.least_users and pairs >= rules.least_pairs
    told = f"{pairs} pairs of {users} held-out users."
    if not passed:
        told = (
            f"There is too little to judge by: {pairs} pairs of {users} held-out users, where"
            f" {rules.least_pairs} pairs of {rules.least_users} users are needed. Wait for more"
            " clicks, or collect over more days."
        )
    return Check("too_little_data", "Enough held-out users and pairs", passed, told)


def _format(findings: Findings, rules: Rules) -> Check:
    form = findings.forms["challenger"]
    title = f"At least {percent(rules.least_well_formed)} of answers well formed, or no fewer"
    before = findings.forms["champion"]
    if form.answers < rules.least_answers:
        told = (
            f"Only {form.answers} of the challenger's answers were looked at for their format;"
            f" {rules.least_answers} are needed."
        )
        return Check("too_little_data", title, False, told)
    told = (
        f"{100 * form.share:.2f} % of the challenger's {form.answers} answers keep the format, and"
        f" {100 * before.share:.2f} % of the champion's {before.answers}."
    )
    no_fewer = before.answers >= rules.least_answers and form.share >= before.share
    return Check("format", title, form.share >= rules.least_well_formed or no_fewer, told)


def _better(found: Comparison) -> Check:
    interval = found.difference
    code: Code = "worse" if interval.high < 0 else "no_signal"
    told = _gain(found)
    if interval.low <= 0:
        told += " It is worse." if interval.high < 0 else " That may be chance."
    return Check(code, "Better on held-out users", interval.low > 0, told)


def _by_many(findings: Findings, rules: Rules) -> Check:
    """A share of hostile users can move the mean of bounded voices by that share of the bound."""
    assert findings.quietened is not None
    allowance = rules.hostile_share * rules.most_change_a_user
    passed = findings.quietened.low > allowance
    told = (
        f"When no user may say much the gain is {change(findings.quietened)};"
        f" {percent(rules.hostile_share)} of the users acting together could fake"
        f" {points(allowance)}."
    )
    if not passed:
        told += " The gain may come from a few users; look at the feedback before anything else."
    return Check("few_users", "Carried by many users", passed, told)


def _later_days(found: Comparison | None) -> Check:
    title = "Later days of known users not worse"
    if found is None:
        return Check("later_days", title, True, "Known users have no later days yet.")
    told = f"On later days of known users: {change(found.difference)} over {found.pairs} pairs."
    return Check("later_days", title, found.difference.high >= 0, told)


def _order(found: Comparison | None) -> Check:
    title = "Order consistency not worse"
    if found is None:
        told = "No pair was asked in both orders, so that a habit of position cannot be seen."
        return Check("too_little_data", title, False, told)
    told = f"Same answer in both orders: {change(found.difference)} over {found.pairs} pairs."
    return Check("order", title, found.difference.high >= 0, told)


def _benchmark(findings: Findings, rules: Rules) -> Check:
    title = "Nothing lost on the simulated benchmark"
    found = findings.benchmark
    if found is None:
        return Check("too_little_data", title, False, "The benchmark was not run.")
    interval = found.difference
    margin = rules.benchmark_margin
    told = f"On the simulated benchmark: {change(interval)} over {found.pairs} pairs."
    if interval.high >= 0 and interval.low <= -margin:
        told += f" A loss of {points(margin)} cannot be ruled out; ask more pairs."
    elif interval.high < 0:
        told += " What the model could do has been lost; were the clicks right?"
    return Check("benchmark", title, interval.high >= 0 and interval.low > -margin, told)


def _splits(findings: Findings) -> Iterator[Check]:
    for name, found in findings.splits.items():
        title = f"Benchmark, {name.replace('_', ' ')}, not worse"
        told = (
            f"Benchmark, {name.replace('_', ' ')}: {change(found.difference)} over {found.pairs}"
            " pairs; the interval is widened for the number of splits."
        )
        yield Check("benchmark", title, found.difference.high >= 0, told)


def _release(findings: Findings, rules: Rules) -> Iterator[Check]:
    against = findings.benchmark.means.get("against_release") if findings.benchmark else None
    if against is not None:
        told = f"Against the model as released, on the benchmark: {change(against)}."
        title = f"At most {points(rules.release_margin)} below the release"
        yield Check("release", title, against.low > -rules.release_margin, told)


def _gain(found: Comparison) -> str:
    right = found.means["challenger"].value, found.means["champion"].value
    return (
        f"On {found.pairs} pairs of {found.users} held-out users the challenger agrees with"
        f" {percent(right[0])} of their choices and the champion with {percent(right[1])}:"
        f" {change(found.difference)}."
    )
