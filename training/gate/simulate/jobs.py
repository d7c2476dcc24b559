"""Measure how often the gate promotes, on hundreds of simulated training jobs of known truth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from training.gate.decision import decide
from training.gate.findings import examine
from training.gate.nights.user_weights import intervals, sum_by_user
from training.gate.rules import Rules
from training.gate.simulate.evidence import SimulatedJob, draw_evidence
from training.statistics.resampling import Resampling

EQUAL, BETTER, POISONED, LIMITS = "equal", "better", "poisoned", "limits"
PLUS_3: Final = SimulatedJob(gain=0.03, later_gain=0.02)
JOBS: Final[Mapping[str, tuple[str, SimulatedJob]]] = {
    "equal challenger": (EQUAL, SimulatedJob()),
    "equal challenger, 1,000 pairs": (EQUAL, SimulatedJob(pairs=1_000, users=250)),
    "equal challenger, 40 % of answers differ": (EQUAL, SimulatedJob(changed=0.4)),
    "+3 points, 4,000 pairs": (BETTER, PLUS_3),
    "+3 points, 25 % of answers differ": (LIMITS, replace(PLUS_3, changed=0.25)),
    "all clicks flipped": (POISONED, SimulatedJob(gain=0.10, benchmark_gain=-0.06)),
    "a third of the clicks flipped": (POISONED, SimulatedJob(gain=0.03, benchmark_gain=-0.025)),
    "farm of 2 % of the users": (POISONED, SimulatedJob(farm_share=0.02)),
    "the same, each as active as 10": (
        POISONED,
        SimulatedJob(farm_share=0.02, farm_activity=10),
    ),
    "the same, and 1 point lost by others": (
        POISONED,
        SimulatedJob(gain=-0.01, farm_share=0.02, farm_activity=10),
    ),
    "farm of 5 %: beyond what the gate promises": (LIMITS, SimulatedJob(farm_share=0.05)),
    "+3 points, 0.7 points of the benchmark lost": (
        LIMITS,
        replace(PLUS_3, benchmark_gain=-0.007),
    ),
    "+3 points, 1.5 points of the benchmark lost": (
        LIMITS,
        replace(PLUS_3, benchmark_gain=-0.015),
    ),
    "+3 points, 1,000 pairs": (LIMITS, replace(PLUS_3, pairs=1_000, users=250)),
    "+3 points, two pairs a user": (LIMITS, replace(PLUS_3, users=2_000)),
}
"""The kind of each simulated job, and what is true of it."""


@dataclass(frozen=True)
class Row:
    """How often one kind of job was promoted."""

    name: str
    kind: str
    jobs: int
    promoted: float
    by_interval_alone: float
    """Share that would pass if the plain interval over users were the only condition."""
    codes: Mapping[str, int]


def simulate(
    names: Iterable[str] = JOBS, *, jobs: int, rules: Rules | None = None, seed: int = 0
) -> list[Row]:
    """Draw each named kind of job `jobs` times and let the gate judge it."""
    rules = rules or Rules(draws=2_000)
    return [_row(name, jobs, rules, seed=seed + 100_000 * at) for at, name in enumerate(names)]


def _row(name: str, jobs: int, rules: Rules, *, seed: int) -> Row:
    kind, job = JOBS[name]
    promoted = alone = 0
    codes: dict[str, int] = {}
    resampling = Resampling(draws=rules.draws, seed=seed)
    uncapped = replace(rules, max_user_weight=1e9, max_pair_weight=1e9)
    for number in range(jobs):
        evidence = draw_evidence(job, seed=seed + number)
        decision = decide(examine(evidence, rules, seed=seed, resampling=resampling), rules)
        promoted += decision.verdict == "promote"
        codes[decision.code] = codes.get(decision.code, 0) + 1
        plain = intervals(sum_by_user(evidence.held_out_users, uncapped), resampling)
        alone += plain["difference"].low > 0
    return Row(name, kind, jobs, promoted / jobs, alone / jobs, codes)


def as_table(rows: Iterable[Row]) -> str:
    """Markdown."""
    lines = ["| job | promoted | by the interval alone | codes |", "|---|---|---|---|"]
    for row in rows:
        codes = ", ".join(f"{code} {count}" for code, count in sorted(row.codes.items()))
        shares = f"{100 * row.promoted:.1f} % | {100 * row.by_interval_alone:.1f} %"
        lines.append(f"| {row.name} | {shares} | {codes} |")
    return "\n".join(lines)
