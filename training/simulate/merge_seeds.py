"""Merge seeds that were simulated separately.

python -m training.simulate.merge_seeds seed-1.json seed-2.json --out runs/simulate

Every simulated seed leaves `measured.json`: the metrics of each day, without visits and profiles.
Seeds with the same options make one `results.json` and one `ndcg.svg`.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from training.simulate.loop.options import Options
from training.simulate.measure.day_metrics import FROZEN, OURS
from training.simulate.measure.plot import plot
from training.simulate.measure.results import JOB_FIELDS, describe, merge

MEASURED: Final = "measured.json"
WRONG_USE: Final = 2


class DifferentSimulations(Exception):
    """Files cannot be merged; the message says why."""


def measured(days: Sequence[dict[str, Any]], options: Options, *, seed: int) -> dict[str, Any]:
    """The part of a seed's days that results are computed from, small enough to be stored."""
    return {
        "seed": seed,
        "options": asdict(options),
        "days": [
            {
                "rankings": day["rankings"],
                "ndcg_by_user": {
                    ranking: {user: round(value, 4) for user, value in by_user.items()}
                    for ranking, by_user in day["ndcg_by_user"].items()
                    if ranking in (OURS, FROZEN)
                },
                # Only these fields: the others hold paths of the machine.
                **(
                    {"job": {key: day["job"].get(key, "") for key in JOB_FIELDS}}
                    if "job" in day
                    else {}
                ),
            }
            for day in days
        ],
    }


def read(files: Iterable[Path]) -> tuple[dict[int, list[dict[str, Any]]], Options]:
    """Days by seed, and their common options; raises `DifferentSimulations`."""
    by_seed: dict[int, list[dict[str, Any]]] = {}
    options: Options | None = None
    for file in files:
        try:
            fields = json.loads(file.read_text(encoding="utf-8"))
            seed, days = int(fields["seed"]), list(fields["days"])
            own_options = Options(**fields["options"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{file} is not a {MEASURED} of a simulation: {error}"
            raise DifferentSimulations(message) from error
        # The budget of a job may differ: seeds at the same time share the machine.
        if options is not None and own_options != replace(options, minutes=own_options.minutes):
            raise DifferentSimulations(f"{file} has other options than the files before it")
        if seed in by_seed:
            raise DifferentSimulations(f"{file} repeats seed {seed}")
        by_seed[seed], options = days, own_options
    if options is None:
        raise DifferentSimulations("no file was given")
    return by_seed, options


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", type=Path, nargs="+", help=f"one {MEASURED} per seed")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        by_seed, options = read(arguments.files)
    except DifferentSimulations as error:
        print(f"{error}.", file=sys.stderr)
        return WRONG_USE
    results = merge(by_seed, options.drift(list(by_seed)))
    arguments.out.mkdir(parents=True, exist_ok=True)
    atomic_write(arguments.out / "ndcg.svg", plot(results))
    atomic_write(arguments.out / "results.json", json.dumps(results, indent=1))
    print(describe(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
