"""Compare recorded arms: `python -m training.simulate.arms.report seed-*.json --out runs/report`.

It writes `report.md` and `ndcg.svg`, and prints the report.
"""

import argparse
import sys
from pathlib import Path

from shared.files.atomic_write import atomic_write
from training.simulate.arms.report.comparisons import DifferentRecordings, Recorded
from training.simulate.arms.report.plot import plot
from training.simulate.arms.report.table import report

WRONG_USE = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", type=Path, nargs="+", help="of `training.simulate.arms.record`")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        recorded = Recorded.read(arguments.files)
    except DifferentRecordings as error:
        print(f"{error}.", file=sys.stderr)
        return WRONG_USE
    text = report(recorded)
    arguments.out.mkdir(parents=True, exist_ok=True)
    atomic_write(arguments.out / "report.md", text)
    atomic_write(arguments.out / "ndcg.svg", plot(recorded))
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
