"""Write the README's account of the closed loop with unfamiliar people and pictures."""

from textwrap import fill
from typing import Final

from training.simulate.arms.report.comparisons import (
    ADAPTER,
    EMBEDDING,
    EXPECTED,
    FROZEN,
    LATEST,
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
from training.simulate.arms.report.table import jobs_of, nights, outcomes, points, setting
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
        f"{_setting(recorded)} {_nights(recorded)}",
        _gain(recorded, compared),
        _shares(compared),
        " ".join(text for text in (_diversity(recorded), _benchmarks(recorded)) if text),
    ]
    wrapped = [
        fill(f"* {text}", width=LINE, subsequent_indent="  ", break_on_hyphens=False)
        for text in statements
        if text
    ]
    return "\n\n".join([f"![{_alt_text(recorded)}]({PLOT})", _table(recorded), "\n".join(wrapped)])


def adapter_arm(recorded: Recorded) -> str:
    """The arm whose gain is the answer: what training learned, whatever the gate decided.

    A chain of SFT and GRPO where one was run, else the adapter that each night left, else the
    model that served.
    """
    last = recorded.days - 1
    return next((arm for arm in (SFT_GRPO, LATEST) if recorded.has(arm, last)), ADAPTER)


def is_reached(gain: Interval) -> bool:
    """Whether the gain is as large as planned, and above chance."""
    return gain.value >= GOAL and gain.low > 0


def _setting(recorded: Recorded) -> str:
    count = len(recorded.by_seed)
    missing = recorded.not_run()
    not_run = f" Not run: {', '.join(missing)}." if missing else ""
    return f"**Setting.** {count} seed{'' if count == 1 else 's'}, {setting(recorded)}{not_run}"


def _gain(recorded: Recorded, compared: dict[tuple[str, str], Comparison]) -> str:
    texts = []
    for arm, name in (
        (SFT_GRPO, "a chain"),
        (LATEST, "each night's adapter, promoted or not"),
        (ADAPTER, "what served"),
    ):
        one = compared.get((arm, WEIGHTED))
        if one is not None:
            texts.append(f"{name} {points(one.last_day)}")
    if not texts:
        return "**Gain.** Not measured."
    gain = compared[(adapter_arm(recorded), WEIGHTED)].last_day
    verdict = (
        "The goal, two points above chance, is reached"
        if is_reached(gain)
        else "Above chance, and below the goal of two points"
        if gain.low > 0
        else "No gain is shown: the interval holds zero"
        if gain.high >= 0
        else "The nights make the model worse"
    )
    return (
        "**Gain** in points over the frozen model with the same weights, after"
        f" {nights(recorded.days - 1)} (95 % over users and seeds): {'; '.join(texts)}. {verdict}."
    )


def _shares(compared: dict[tuple[str, str], Comparison]) -> str:
    parts = [
        f"{name} {points(compared[pair].last_day)}"
        for pair, name in (
            ((WEIGHTED, FROZEN), "the learned weights alone"),
            ((SFT, WEIGHTED), "SFT"),
            ((SFT_GRPO, SFT), "GRPO after SFT"),
            ((SFT_DPO, SFT), "DPO after SFT"),
            ((EMBEDDING, WEIGHTED), "the embedding model"),
        )
        if pair in compared
    ]
    against = compared.get((SFT_GRPO, SFT_DPO))
    if against is not None:
        gain = against.last_day
        verb = "beats" if gain.low > 0 else "loses to" if gain.high < 0 else "ties with"
        parts.append(f"GRPO {verb} DPO")
    return f"**Shares**, on the last day: {'; '.join(parts)}." if parts else ""


def _nights(recorded: Recorded) -> str:
    counts = outcomes(recorded)
    total = counts.total()
    promoted = sum(
        job["verdict"] == "promoted" for f in recorded.by_seed.values() for job in jobs_of(f)
    )
    crashes = counts["crash"] + counts["machine"]
    trained = sum(bool(job["version"]) for f in recorded.by_seed.values() for job in jobs_of(f))
    few = "" if trained == total else f" ({trained} trained a challenger)"
    codes = ", ".join(f"{count} `{code}`" for code, count in counts.most_common())
    return (
        f"{nights(total)} through Kafka{few}: {promoted} promoted; by reason {codes}."
        f" {crashes or 'None'} crashed."
    )


def _diversity(recorded: Recorded) -> str:
    checks = collapse_checks(recorded)
    arm = adapter_arm(recorded)
    if arm not in checks or COLLAPSED not in checks:
        return ""
    parts = [
        f"{measure.removesuffix('_at_5').replace('_', ' ')} {checks[arm][measure].last:.2f}"
        f" (frozen {checks[arm][measure].first:.2f}, collapsed"
        f" {checks[arm][measure].collapsed:.2f})"
        for measure in MEASURES
        if measure in checks[arm]
    ]
    passed = all(check.passed for check in checks[arm].values() if check.is_valid)
    verdict = "no collapse" if passed else "COLLAPSED"
    return f"**Diversity**, top 5 of 60 candidates: {', '.join(parts)}: {verdict}."


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
        f"**Forgetting.** Frozen benchmarks change by {100 * mean:+.1f}"
        f" points ({pairs} pairs), {verdict} the limit of -1."
    )


def _table(recorded: Recorded) -> str:
    """One column an arm, one row for the first day and one for the last."""
    last = recorded.days - 1
    arms = [arm for arm in EXPECTED if recorded.has(arm, last) and arm != COLLAPSED]
    rows = [f"| NDCG@10 | {' | '.join(arms)} |", f"|---|{'---|' * len(arms)}"]
    for day, name in {0: "first day", last: f"after {nights(last)}"}.items():
        cells = [
            _decimal(level(recorded, arm, [day]).value) if recorded.has(arm, day) else "-"
            for arm in arms
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _alt_text(recorded: Recorded) -> str:
    last = recorded.days - 1
    ends = [
        f"{name} {_decimal(level(recorded, name, [last]).value)}"
        for name in (adapter_arm(recorded), WEIGHTED)
        if recorded.has(name, last)
    ]
    return (
        f"NDCG@10 by nights, mean of {len(recorded.by_seed)} seeds; after {nights(last)}"
        f" {' and '.join(ends)}"
    )


def _decimal(value: float) -> str:
    """`.957`, `1.000`"""
    return f"{value:.3f}".removeprefix("0")
