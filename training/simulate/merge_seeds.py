"""Put seeds together that were simulated apart.

python -m training.simulate.merge_seeds seed-1.json seed-2.json --out runs/simulate

Every simulated seed leaves `measured.json`: what was measured of each day, without what people did
and knew. Seeds of the same options make one `results.json` and one `ndcg.svg`.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from training.simulate.loop import OURS, Options
from training.simulate.plot import plot
from training.simulate.results import OF_A_NIGHT, together, verdict

MEASURED: Final = "measured.json"
WRONG_USE: Final = 2


class Unlike(Exception):
    """Files cannot be put together; the text says why."""


def measured(days: Sequence[dict[str, Any]], options: Options, *, seed: int) -> dict[str, Any]:
    """Of a seed's days what results are made of, small enough to be kept."""
    return {
        "seed": seed,
        "options": asdict(options),
        "days": [
            {
                "arms": day["arms"],
                "ndcg_by_person": {
                    arm: {person: round(value, 4) for person, value in found.items()}
                    for arm, found in day["ndcg_by_person"].items()
                    if arm in (OURS, "frozen")
                },
                **({"night": _told(day["night"])} if "night" in day else {}),
            }
            for day in days
        ],
    }


def _told(night: dict[str, Any]) -> dict[str, Any]:
    """Without where on this machine its files lie."""
    return {key: night.get(key, "") for key in OF_A_NIGHT}


def read(files: Iterable[Path]) -> tuple[dict[int, list[dict[str, Any]]], Options]:
    """Days by seed, and the options that all were simulated with; raises `Unlike`."""
    by_seed: dict[int, list[dict[str, Any]]] = {}
    options: Options | None = None
    for file in files:
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            seed, days, found = int(told["seed"]), list(told["days"]), Options(**told["options"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unlike(f"{file} is no {MEASURED} of a simulation: {error}") from error
        # A night's budget may differ: seeds side by side have a share of the machine each.
        if options is not None and found != replace(options, minutes=found.minutes):
            raise Unlike(f"{file} was simulated with other options than those before it")
        if seed in by_seed:
            raise Unlike(f"seed {seed} is there twice; {file} is the second")
        by_seed[seed], options = days, found
    if options is None:
        raise Unlike("no file was named")
    return by_seed, options


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", type=Path, nargs="+", help=f"one {MEASURED} a seed")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    try:
        by_seed, options = read(asked.files)
    except Unlike as error:
        print(f"{error}.", file=sys.stderr)
        return WRONG_USE
    results = together(by_seed, options.shift(list(by_seed)))
    asked.out.mkdir(parents=True, exist_ok=True)
    atomic_write(asked.out / "ndcg.svg", plot(results))
    atomic_write(asked.out / "results.json", json.dumps(results, indent=1))
    print(verdict(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
