"""Measure cold starts: `python -m training.simulate.cold_start --seeds 1,2 --out runs/cold_start`.

For each seed it starts a system of its own. Other users leave feedback; then each new user gets
feeds after 0, 1, 3, 5 and 10 likes or dislikes. NDCG@10 against the true tastes stands next to the
same feeds by the users' own scores alone, random orders, popularity and the oracle. It writes
`results.json` and `ndcg.svg`.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from shared.client import NoAnswer
from shared.domain.errors import Unavailable
from shared.files.atomic_write import atomic_write
from training.simulate.cold_start.arms import ARMS, Arm
from training.simulate.cold_start.measure import Measured, measure
from training.simulate.cold_start.population import draw_population
from training.simulate.cold_start.report import describe, plot, results
from training.simulate.loop.day import MissingProfile
from training.simulate.loop.system import SystemFailed, running

FAILURE = 1
SETTINGS = {"PREFERSTREAM_EXPLORE_SHARE": "0", "PREFERSTREAM_DEFAULT_DEADLINE_MS": "600000"}
"""Without random swaps, which measure exploration and not what the system knows; and a busy machine
must not leave steps out."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--users", type=int, default=20, help="new users per seed (20)")
    parser.add_argument("--others", type=int, default=60, help="users with feedback (60)")
    parser.add_argument("--catalog-size", type=int, default=240, help="images (240)")
    parser.add_argument(
        "--skew", type=float, default=0.5,
        help="share of the images that show one frequent style, and color, 0-1 (.5)",
    )  # fmt: skip
    parser.add_argument("--seeds", type=_numbers, default=(1, 2), help="default 1,2")
    parser.add_argument(
        "--arms", type=_arms, default=ARMS,
        help="ways of stating opinions, a comma-separated list (feed,asked,asked at random)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("runs/cold_start"))
    arguments = parser.parse_args()
    if arguments.catalog_size < 160 or min(arguments.users, arguments.others) < 1:
        parser.error("--catalog-size must be at least 160; --users and --others at least 1")
    os.environ.update(SETTINGS)
    by_seed: dict[int, Measured] = {}
    try:
        for seed in arguments.seeds:
            by_seed[seed] = _seed(arguments, seed)
            summary = results(by_seed)
            atomic_write(arguments.out / "results.json", json.dumps(summary, indent=1))
            atomic_write(arguments.out / "ndcg.svg", plot(summary))
    except (SystemFailed, MissingProfile, NoAnswer, Unavailable) as error:
        print(error, file=sys.stderr)
        return FAILURE
    print(describe(results(by_seed)))
    return 0


def _seed(arguments: argparse.Namespace, seed: int) -> Measured:
    population = draw_population(
        new=arguments.users, others=arguments.others, images=arguments.catalog_size, seed=seed,
        skew=arguments.skew,
    )  # fmt: skip
    total, done = arguments.users * len(arguments.arms), 0

    def advance(steps: int) -> None:
        nonlocal done
        done += steps
        print(f"seed {seed}: {done} of {total}", flush=True)

    with running(arguments.out / f"seed-{seed}") as system:
        return asyncio.run(
            measure(system.kafka, population, seed=seed, advance=advance, arms=arguments.arms)
        )


def _arms(text: str) -> tuple[Arm, ...]:
    chosen = text.split(",")
    if "feed" not in chosen or not set(chosen) <= set(ARMS):
        raise argparse.ArgumentTypeError(f"name `feed` and any other of {', '.join(ARMS)}")
    return tuple(arm for arm in ARMS if arm in chosen)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    # SIGTERM, too, ends the system that was started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
