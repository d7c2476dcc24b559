"""Prove the loop: `python -m training.simulate --nights 10 --out runs/simulate`.

Starts a system of its own for each seed, lets simulated people ask for feeds and click through
Kafka, runs a night after each day, and holds every day's feeds against other rankings of the same
candidates. Stopped, the same command goes on. Leaves `results.json` and `ndcg.svg`, and of each
seed a `measured.json`, by which seeds simulated apart are put together.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from shared.client import NoAnswer
from shared.domain.errors import Unavailable
from shared.files.atomic_write import atomic_write
from training.progress import spell
from training.simulate.day import NoProfile
from training.simulate.loop import Options, simulate
from training.simulate.merge_seeds import MEASURED, measured
from training.simulate.plot import plot
from training.simulate.results import together, verdict
from training.simulate.system import System, SystemFailed, running

FAILURE = 1
STOPPED = 130


def main() -> int:
    standard = Options()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--nights", type=int, default=standard.nights)
    parser.add_argument("--people", type=int, default=standard.people)
    parser.add_argument("--catalogue", type=int, default=standard.catalogue, help="images (600)")
    parser.add_argument("--slates", type=int, default=standard.slates, help="a person a day (2)")
    parser.add_argument("--slate", type=int, default=standard.slate, help="images (20)")
    parser.add_argument("--minutes", type=float, default=standard.minutes, help="of a night (20)")
    parser.add_argument("--outspoken", type=float, default=standard.outspoken, help="0-1 (0)")
    parser.add_argument("--shift-after", type=int, help="nights, then tastes of some change")
    parser.add_argument("--shifting", type=float, default=standard.shifting, help="share (.3)")
    parser.add_argument("--seeds", type=_numbers, default=(1, 2, 3), help="default 1,2,3")
    parser.add_argument("--kafka", help="a running system, with --data-dir, instead of our own")
    parser.add_argument("--data-dir", type=Path, help="of the running system")
    parser.add_argument("--out", type=Path, default=Path("runs/simulate"))
    asked = parser.parse_args()
    options = Options(
        nights=asked.nights, people=asked.people, catalogue=asked.catalogue, slates=asked.slates,
        slate=asked.slate, minutes=asked.minutes, outspoken=asked.outspoken,
        shift_after=asked.shift_after, shifting=asked.shifting,
    )  # fmt: skip
    if asked.slate > asked.catalogue or min(asked.nights, asked.people, asked.slates) < 1:
        parser.error("a slate must fit into the catalogue, and nights, people and slates are >= 1")
    if not (0 <= asked.outspoken <= 1 and 0 <= asked.shifting <= 1):
        parser.error("--outspoken and --shifting are shares, 0-1")
    if bool(asked.kafka) != bool(asked.data_dir) or (asked.kafka and len(asked.seeds) > 1):
        parser.error("--kafka needs --data-dir, and one seed: another one wants a fresh system")
    begun = time.monotonic()
    by_seed: dict[int, list[dict[str, Any]]] = {}
    try:
        for seed in asked.seeds:

            def say(line: str, seed: int = seed) -> None:
                print(f"{spell(time.monotonic() - begun)}, seed {seed}: {line}", flush=True)

            def keep(days: list[dict[str, Any]], seed: int = seed) -> None:
                """What there is after every day, so that whoever stops early has it as well."""
                if any(len(days) < len(others) for others in by_seed.values()):
                    return  # would cut the seeds that are done to this one's days
                known = {**by_seed, seed: days}
                results = together(known, options.shift(list(known)))
                atomic_write(asked.out / "ndcg.svg", plot(results))
                atomic_write(asked.out / "results.json", json.dumps(results, indent=1))

            folder = asked.out / f"seed-{seed}"
            if asked.kafka:
                system = System(asked.kafka, asked.data_dir)
                by_seed[seed] = simulate(folder, system, options, seed=seed, say=say, done=keep)
            else:
                with running(folder / "system") as system:
                    by_seed[seed] = simulate(folder, system, options, seed=seed, say=say, done=keep)
            keep(by_seed[seed], seed)
            told = json.dumps(measured(by_seed[seed], options, seed=seed))
            atomic_write(folder / MEASURED, told)
    except (SystemFailed, NoProfile, NoAnswer, Unavailable, ValueError) as error:
        print(f"{error}. What was done is kept: the same command goes on.", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        print("Stopped. What was done is kept: the same command goes on.", file=sys.stderr)
        return STOPPED
    print(verdict(together(by_seed, options.shift(list(by_seed)))))
    return 0


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    # However it is stopped, it stops what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
