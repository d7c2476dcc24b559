"""Simulate the closed loop: `python -m training.simulate --jobs 10 --out runs/simulate`.

For each seed it starts a system of its own; simulated users request feeds and click through Kafka;
a training job follows each day; and every day's feeds are compared with other rankings of the same
candidates. The same command resumes a stopped simulation. It writes `results.json` and `ndcg.svg`,
and for each seed a `measured.json`, from which seeds that ran separately can be merged.
"""

import argparse
import json
import signal
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from shared.client import NoAnswer
from shared.domain.errors import Unavailable
from shared.files.atomic_write import atomic_write
from shared.vlm.checkpoint.model_package import read_element_weights
from training.plots.progress import spell
from training.simulate.loop.day import MissingProfile
from training.simulate.loop.options import Options
from training.simulate.loop.simulation import simulate
from training.simulate.loop.start_weights import start_release
from training.simulate.loop.system import System, SystemFailed, running
from training.simulate.measure.plot import plot
from training.simulate.measure.results import describe, merge
from training.simulate.merge_seeds import MEASURED, measured
from training.simulate.population import NAMES, population_of

FAILURE = 1
STOPPED = 130
BySeed = dict[int, list[dict[str, Any]]]


def main() -> int:
    parser = _parser()
    arguments = parser.parse_args()
    options = Options(
        jobs=arguments.jobs, users=arguments.users, catalog_size=arguments.catalog_size,
        slates_per_day=arguments.slates_per_day, slate_size=arguments.slate_size,
        minutes=arguments.minutes, explicit_feedback_rate=arguments.explicit_feedback_rate,
        drift_after=arguments.drift_after, drift_share=arguments.drift_share,
        skew=arguments.skew, subjects=arguments.subjects, population=arguments.population,
        real_pictures=arguments.packages is not None, methods=arguments.methods,
        weight_users=arguments.weight_users, least_users=arguments.least_users,
    )  # fmt: skip
    if options.slate_size > options.catalog_size:
        parser.error("--slate-size must not be larger than --catalog-size")
    if min(options.jobs, options.users, options.slates_per_day) < 1:
        parser.error("--jobs, --users and --slates-per-day must be at least 1")
    if not all(0 <= share <= 1 for share in options.shares):
        parser.error("--explicit-feedback-rate, --drift-share and --skew must be between 0 and 1")
    if bool(arguments.kafka) != bool(arguments.data_dir):
        parser.error("--kafka and --data-dir must be given together")
    if arguments.kafka and len(arguments.seeds) > 1:
        parser.error("--kafka allows one seed only: each seed needs a new system")
    by_seed: BySeed = {}
    try:
        _simulate_seeds(arguments, options, by_seed)
    except (SystemFailed, MissingProfile, NoAnswer, Unavailable, ValueError) as error:
        print(f"{error}. Finished days are kept: the same command resumes.", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        print("Stopped. Finished days are kept: the same command resumes.", file=sys.stderr)
        return STOPPED
    print(describe(merge(by_seed, options.drift(list(by_seed)))))
    return 0


def _simulate_seeds(arguments: argparse.Namespace, options: Options, by_seed: BySeed) -> None:
    """Simulate seed after seed into `by_seed`, and write the results after every day."""
    start = time.monotonic()
    population = population_of(
        options.population, subjects=options.subjects, packages=arguments.packages
    )
    for seed in arguments.seeds:

        def say(line: str, seed: int = seed) -> None:
            print(f"{spell(time.monotonic() - start)}, seed {seed}: {line}", flush=True)

        def write(days: list[dict[str, Any]], seed: int = seed) -> None:
            if any(len(days) < len(others) for others in by_seed.values()):
                return  # the results would lose days of the finished seeds
            known = {**by_seed, seed: days}
            results = merge(known, options.drift(list(known)))
            atomic_write(arguments.out / "ndcg.svg", plot(results))
            atomic_write(arguments.out / "results.json", json.dumps(results, indent=1))

        folder = arguments.out / f"seed-{seed}"
        release = start_release(
            folder / "release", population, users=options.weight_users, seed=seed,
            skew=options.skew,
        )  # fmt: skip
        say(f"the release starts with these weights: {read_element_weights(release).summary}")
        settings = options.settings(release)
        with (
            nullcontext(System(arguments.kafka, arguments.data_dir, settings))
            if arguments.kafka
            else running(folder / "system", settings)
        ) as system:
            by_seed[seed] = simulate(
                folder, system, options, seed=seed, population=population, release=release,
                say=say, on_day=write,
            )  # fmt: skip
        write(by_seed[seed], seed)
        text = json.dumps(measured(by_seed[seed], options, seed=seed))
        atomic_write(folder / MEASURED, text)


def _parser() -> argparse.ArgumentParser:
    defaults = Options()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--jobs", type=int, default=defaults.jobs, help="training jobs (10)")
    parser.add_argument("--users", type=int, default=defaults.users, help="per seed (300)")
    parser.add_argument(
        "--catalog-size", type=int, default=defaults.catalog_size, help="images (600)"
    )
    parser.add_argument(
        "--slates-per-day", type=int, default=defaults.slates_per_day, help="per user (2)"
    )
    parser.add_argument("--slate-size", type=int, default=defaults.slate_size, help="images (20)")
    parser.add_argument("--minutes", type=float, default=defaults.minutes, help="of a job (20)")
    parser.add_argument(
        "--explicit-feedback-rate", type=float, default=defaults.explicit_feedback_rate,
        help="chance that a strong opinion is stated, 0-1 (0)",
    )  # fmt: skip
    parser.add_argument(
        "--drift-after", type=int, help="jobs after which the taste of some users changes"
    )
    parser.add_argument(
        "--drift-share", type=float, default=defaults.drift_share, help="of the users (.3)"
    )
    parser.add_argument(
        "--skew", type=float, default=defaults.skew,
        help="share of the images that show one frequent style, and color, 0-1 (0)",
    )  # fmt: skip
    parser.add_argument(
        "--subjects", action="store_true", help="users also like and dislike subjects"
    )
    parser.add_argument(
        "--population", choices=NAMES, default=defaults.population,
        help="whose people and pictures: the simulator's, or some that the release does not know",
    )  # fmt: skip
    parser.add_argument(
        "--packages",
        type=Path,
        help="folder of the packages with real pictures for the unfamiliar population",
    )
    parser.add_argument(
        "--methods", default=defaults.methods, help="of training, such as sft,grpo (the setting)"
    )
    parser.add_argument(
        "--weight-users", type=int, default=defaults.weight_users,
        help="other users from whose clicks the release's element weights are learned first (0)",
    )  # fmt: skip
    parser.add_argument(
        "--least-users", type=int, default=defaults.least_users,
        help="held-out users that a verdict needs (the default of the gate)",
    )  # fmt: skip
    parser.add_argument("--seeds", type=_numbers, default=(1, 2, 3), help="default 1,2,3")
    parser.add_argument("--kafka", help="a running system, with --data-dir, instead of a new one")
    parser.add_argument("--data-dir", type=Path, help="of the running system")
    parser.add_argument("--out", type=Path, default=Path("runs/simulate"))
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    # SIGTERM, too, ends the system that was started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
