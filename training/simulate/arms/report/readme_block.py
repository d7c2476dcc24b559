"""Write the README's account of the closed loop with unfamiliar people and pictures."""

from textwrap import fill
from typing import Final

from training.simulate.arms.report.comparisons import (
    ADAPTER,
    FROZEN,
    SFT,
    SFT_DPO,
    SFT_GRPO,
    WEIGHTED,
    Comparison,
    Recorded,
    collapse_checks,
    comparisons,
    level,
)
from training.simulate.arms.report.table import jobs_of, outcomes, points
from training.simulate.measure.collapse import MEASURES
from training.simulate.measure.day_metrics import COLLAPSED
from training.statistics.interval import Interval

GOAL: Final = 0.02
"""NDCG@10 by which the adapter should exceed the frozen model with weights."""
BENCHMARK_LOSS: Final = 0.01
"""Largest loss on the frozen benchmarks."""
LINE: Final = 100
PLOT: Final = "training/simulate/measured/unfamiliar/ndcg.svg"


def block(recorded: Recorded) -> str:
    """Markdown: the plot, a table of all rankings, and one paragraph a statement."""
    compared = {(one.first, one.second): one for one in comparisons(recorded)}
    statements = [
        _gain(recorded, compared),
        _shares(compared),
        _nights(recorded),
        _diversity(recorded),
        _benchmarks(recorded),
    ]
    wrapped = [
        fill(f"* {text}", width=LINE, subsequent_indent="  ", break_on_hyphens=False)
        for text in statements
        if text
    ]
    return "\n\n".join([f"![{_alt_text(recorded)}]({PLOT})", _table(recorded), "\n".join(wrapped)])


def adapter_arm(recorded: Recorded) -> str:
    """The arm whose gain is the answer: nights of SFT and GRPO, else those with the gate."""
    last = recorded.days - 1
    return SFT_GRPO if recorded.has(SFT_GRPO, last) else ADAPTER


def is_reached(gain: Interval) -> bool:
    """Whether the gain is as large as planned, and above chance."""
    return gain.value >= GOAL and gain.low > 0


def _gain(recorded: Recorded, compared: dict[tuple[str, str], Comparison]) -> str:
    texts = []
    for arm, name in (
        (SFT_GRPO, "nights that always continue"),
        (ADAPTER, "nights that the gate judges"),
    ):
        one = compared.get((arm, WEIGHTED))
        if one is not None:
            texts.append(
                f"{name} {points(one.last_day)} on the last day, {points(one.last_days)} over the"
                " last three"
            )
    if not texts:
        return "**Gain.** Not measured."
    gain = compared[(adapter_arm(recorded), WEIGHTED)].last_day
    verdict = (
        "The goal, two points above chance, is reached"
        if is_reached(gain)
        else "The gain is above chance, and below the goal of two points"
        if gain.low > 0
        else "No gain is shown: the interval holds zero"
        if gain.high >= 0
        else "The nights make the model worse"
    )
    return (
        "**Gain of the adapter.** Points of NDCG@10 above the frozen model with the same weights,"
        f" 95 % intervals over users and seeds: {'; '.join(texts)}. {verdict}."
    )


def _shares(compared: dict[tuple[str, str], Comparison]) -> str:
    parts = [
        f"{name} {points(compared[pair].last_day)}"
        for pair, name in (
            ((WEIGHTED, FROZEN), "the learned weights alone"),
            ((SFT, WEIGHTED), "SFT"),
            ((SFT_GRPO, SFT), "GRPO after SFT"),
            ((SFT_DPO, SFT), "DPO after SFT"),
        )
        if pair in compared
    ]
    against = compared.get((SFT_GRPO, SFT_DPO))
    if against is not None:
        gain = against.last_day
        verb = "beats" if gain.low > 0 else "loses to" if gain.high < 0 else "ties with"
        parts.append(f"GRPO {verb} DPO, {points(gain)}")
    return f"**Shares**, on the last day: {'; '.join(parts)}." if parts else ""


def _nights(recorded: Recorded) -> str:
    counts = outcomes(recorded)
    total = counts.total()
    promoted = sum(
        job["verdict"] == "promoted" for f in recorded.by_seed.values() for job in jobs_of(f)
    )
    crashes = counts["crash"] + counts["machine"]
    users = next(iter(recorded.by_seed.values()))["options"]["users"]
    codes = ", ".join(f"{count} `{code}`" for code, count in counts.most_common())
    return (
        f"**Nights.** {len(recorded.by_seed)} seeds of {users} users, {total} nights through Kafka:"
        f" {promoted} promoted; by reason {codes}. {crashes or 'None'} crashed."
    )


def _diversity(recorded: Recorded) -> str:
    checks = collapse_checks(recorded)
    arm = adapter_arm(recorded)
    if arm not in checks or COLLAPSED not in checks:
        return ""
    parts = [
        f"{measure.removesuffix('_at_5').replace('_', ' ')} {checks[arm][measure].last:.2f},"
        f" frozen {checks[arm][measure].first:.2f} at first, collapsed"
        f" {checks[arm][measure].collapsed:.2f}"
        for measure in MEASURES
        if measure in checks[arm]
    ]
    passed = all(check.passed for check in checks[arm].values() if check.is_valid)
    verdict = "no collapse" if passed else "COLLAPSED"
    return f"**Diversity**, top 5 of 60 candidates: {'; '.join(parts)}: {verdict}."


def _benchmarks(recorded: Recorded) -> str:
    arm = adapter_arm(recorded)
    changes = [
        fields["benchmarks"][arm]
        for fields in recorded.by_seed.values()
        if arm in fields.get("benchmarks", {})
    ]
    if not changes:
        return ""
    mean = sum(change["mean"] for change in changes) / len(changes)
    verdict = "within" if mean >= -BENCHMARK_LOSS else "beyond"
    pairs = sum(change["pairs"] for change in changes)
    return (
        f"**Forgetting.** On the frozen benchmarks the last models change by {100 * mean:+.1f}"
        f" points ({len(changes)} seeds, {pairs} pairs), {verdict} the limit of one point of loss."
    )


def _table(recorded: Recorded) -> str:
    last = recorded.days - 1
    levels = {arm: level(recorded, arm, [last]) for arm in recorded.arms()}
    rows = ["| ranking, after the last night | NDCG@10 (95 %) |", "|---|---|"]
    rows += [
        f"| {arm} | {_interval(one)} |"
        for arm, one in sorted(levels.items(), key=lambda item: item[1].value)
        if arm != COLLAPSED
    ]
    return "\n".join(rows)


def _alt_text(recorded: Recorded) -> str:
    arm, last = adapter_arm(recorded), recorded.days - 1
    ends = [f"{name} {level(recorded, name, [last]).value:.3f}" for name in (arm, WEIGHTED)]
    return (
        f"NDCG@10 by nights, mean of {len(recorded.by_seed)} seeds; after {last} nights"
        f" {' and '.join(ends)}"
    )


def _interval(interval: Interval) -> str:
    values = (interval.value, interval.low, interval.high)
    value, low, high = (f"{one:.3f}".removeprefix("0") for one in values)
    return f"{value} ({low}-{high})"
