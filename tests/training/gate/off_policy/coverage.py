"""Count how often the intervals of the gate hold the truth, over many simulated logs.

`python -m tests.training.gate.off_policy.coverage`: each run draws a new log of simulated users and
values it as the gate does.
"""

import argparse
from collections import Counter, defaultdict

from tests.training.gate.off_policy.simulated_logs import NAMES, draw_log, population
from training.gate.off_policy.evidence import CHAMPION
from training.gate.off_policy.findings import examine_off_policy
from training.statistics.wilson import wilson

KINDS = ("snips", "dr", "snips_gain", "dr_gain")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--first-seed", type=int, default=0)
    options = parser.parse_args()
    truth = {name: population().truth(name) for name in NAMES}
    print("clicks a slate, truth:", {name: round(value, 3) for name, value in truth.items()})
    results, problems = defaultdict[tuple[str, str], list[bool]](list), Counter[str]()
    for seed in range(options.first_seed, options.first_seed + options.runs):
        findings = examine_off_policy(draw_log(seed), seed=0)
        assert findings is not None
        problems[findings.problem or "none"] += 1
        for order in findings.orders:
            problems[f"{order.name}: {order.problem}"] += order.problem is not None
            for kind in KINDS:
                interval = getattr(order, kind)
                if interval is not None:
                    base = truth[CHAMPION] if kind.endswith("gain") else 0.0
                    is_inside = interval.low <= truth[order.name] - base <= interval.high
                    results[order.name, kind].append(is_inside)
    for (name, kind), inside in sorted(results.items()):
        share = sum(inside) / len(inside)
        low, high = wilson(share, len(inside))
        print(f"{name:14} {kind:11} {share:.3f} ({low:.3f}-{high:.3f}) of {len(inside)}")
    print("no number:", {text: n for text, n in problems.items() if n and text != "none"})


if __name__ == "__main__":
    main()
