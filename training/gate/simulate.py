"""Ask the gate about hundreds of nights whose truth is known, and count what it lets through.

python -m training.gate.simulate --nights 200
"""

import argparse
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from training.gate.decision import decide
from training.gate.findings import examine
from training.gate.rules import Rules
from training.gate.simulated import Night, draw_night
from training.gate.user_weights import intervals, sum_by_user
from training.statistics.resampling import Resampling

EQUAL, BETTER, POISONED, LIMITS = "equal", "better", "poisoned", "limits"
PLUS_3: Final = Night(gain=0.03, later_gain=0.02)
NIGHTS: Final[Mapping[str, tuple[str, Night]]] = {
    "equal challenger": (EQUAL, Night()),
    "equal challenger, 1,000 pairs": (EQUAL, Night(pairs=1_000, users=250)),
    "equal challenger, 40 % of answers differ": (EQUAL, Night(changed=0.4)),
    "+3 points, 4,000 pairs": (BETTER, PLUS_3),
    "+3 points, 25 % of answers differ": (LIMITS, replace(PLUS_3, changed=0.25)),
    "all clicks flipped": (POISONED, Night(gain=0.10, benchmark_gain=-0.06)),
    "a third of the clicks flipped": (POISONED, Night(gain=0.03, benchmark_gain=-0.025)),
    "farm of 2 % of the users": (POISONED, Night(farm_share=0.02)),
    "the same, each as busy as 10": (POISONED, Night(farm_share=0.02, farm_activity=10)),
    "the same, and 1 point lost by others": (
        POISONED,
        Night(gain=-0.01, farm_share=0.02, farm_activity=10),
    ),
    "farm of 5 %: beyond what is promised": (LIMITS, Night(farm_share=0.05)),
    "+3 points, 1,000 pairs": (LIMITS, replace(PLUS_3, pairs=1_000, users=250)),
    "+3 points, two pairs a user": (LIMITS, replace(PLUS_3, users=2_000)),
}
"""What kind of night each is, and what is true of it."""


@dataclass(frozen=True)
class Row:
    """How often one kind of night passed."""

    name: str
    kind: str
    nights: int
    promoted: float
    by_pairs_alone: float
    """Share that would pass if the plain interval over users were the only condition."""
    reasons: Mapping[str, int]


def simulate(
    names: Iterable[str] = NIGHTS, *, nights: int, rules: Rules | None = None, seed: int = 0
) -> list[Row]:
    """Every named kind of night, `nights` times."""
    rules = rules or Rules(draws=2_000)
    return [_row(name, nights, rules, seed=seed + 100_000 * at) for at, name in enumerate(names)]


def _row(name: str, nights: int, rules: Rules, *, seed: int) -> Row:
    kind, night = NIGHTS[name]
    promoted = alone = 0
    reasons: dict[str, int] = {}
    resampling = Resampling(draws=rules.draws, seed=seed)
    uncapped = replace(rules, most_user_weight=1e9, most_pair_weight=1e9)
    for number in range(nights):
        evidence = draw_night(night, seed=seed + number)
        decision = decide(examine(evidence, rules, seed=seed, resampling=resampling), rules)
        promoted += decision.verdict == "promote"
        reasons[decision.code] = reasons.get(decision.code, 0) + 1
        plain = intervals(sum_by_user(evidence.held_out_users, uncapped), resampling)
        alone += plain["difference"].low > 0
    return Row(name, kind, nights, promoted / nights, alone / nights, reasons)


def as_table(rows: Iterable[Row]) -> str:
    lines = ["| night | promoted | by the interval alone | why |", "|---|---|---|---|"]
    for row in rows:
        why = ", ".join(f"{code} {count}" for code, count in sorted(row.reasons.items()))
        shares = f"{100 * row.promoted:.1f} % | {100 * row.by_pairs_alone:.1f} %"
        lines.append(f"| {row.name} | {shares} | {why} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Let the gate judge nights of known truth.")
    parser.add_argument("--nights", type=int, default=200, help="of each kind, default 200")
    parser.add_argument(
        "--draws",
        type=int,
        default=2_000,
        help="bootstrap samples, default 2000; nights take 10000",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="write JSON, not Markdown")
    options = parser.parse_args()
    began = time.monotonic()
    rows = simulate(nights=options.nights, rules=Rules(draws=options.draws), seed=options.seed)
    if options.json:
        print(json.dumps([vars(row) for row in rows], indent=1))
        return
    print(as_table(rows))
    print(
        f"\n{options.nights} nights of each kind, {options.draws} draws, seed {options.seed},"
        f" {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
