"""Print how often the gate is right: `python -m training.gate.simulate --jobs 300`.

The first table has whole jobs, poisoned ones too; the second has nights of real size, pooled.
"""

import argparse
import json
import time

from training.gate.rules import Rules
from training.gate.simulate.jobs import Row, as_table, simulate
from training.gate.simulate.nights import PowerRow, power, power_table, standard_table


def main() -> None:
    parser = argparse.ArgumentParser(description="Let the gate judge jobs of known truth.")
    parser.add_argument("--jobs", type=int, default=300, help="of each kind, default 300")
    parser.add_argument(
        "--draws",
        type=int,
        default=2_000,
        help="bootstrap samples, default 2000; a real gate takes 10000",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("jobs", "nights"), help="one of the two tables")
    parser.add_argument("--json", action="store_true", help="write JSON, not Markdown")
    options = parser.parse_args()
    start = time.monotonic()
    rules = Rules(draws=options.draws)
    jobs: list[Row] = []
    nights: list[PowerRow] = []
    if options.only != "nights":
        jobs = simulate(jobs=options.jobs, rules=rules, seed=options.seed)
    if options.only != "jobs":
        nights = power(standard_table(), runs=options.jobs, rules=rules, seed=options.seed)
    if options.json:
        values = {
            "jobs": [vars(row) for row in jobs],
            "nights": [{**vars(row), "nights": vars(row.nights)} for row in nights],
        }
        print(json.dumps(values, indent=1))
        return
    print(
        "\n\n".join(
            table for table in (jobs and as_table(jobs), nights and power_table(nights)) if table
        )
    )
    print(
        f"{options.jobs} of each kind, {options.draws} draws, seed {options.seed},"
        f" {time.monotonic() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
