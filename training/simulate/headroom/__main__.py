"""Measure the headroom: `python -m training.simulate.headroom --population unfamiliar --seed 1`.

NDCG@10 of the same slates of users who have not clicked yet: at random, by the frozen model, with
parts of the truth in its place, and by the oracle. The difference to the frozen model with learned
weights is what better profiles and better descriptions could gain.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from shared.embedding.images.pretrained import PretrainedEncoder
from shared.files.atomic_write import atomic_write
from shared.vlm.checkpoint.checkpoint import shipped_folder
from training.simulate.arms.known_references import known_at
from training.simulate.arms.pictures import Pictures
from training.simulate.arms.recorded_days import Recording
from training.simulate.arms.serving_rule import EndToEnd, Slate
from training.simulate.headroom.variants import Case, headroom_totals, ndcg_by_user
from training.simulate.loop.options import Options
from training.simulate.loop.start_weights import learned_population_weights, open_engine
from training.simulate.population import NAMES, population_of
from training.statistics.bootstrap import mean, paired_difference

FROZEN = "frozen model, learned weights"
RANDOM_ORDERS = 20


def main() -> int:
    arguments = _parser().parse_args()
    start = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - start:6.0f} s: {line}", file=sys.stderr, flush=True)

    population = population_of(arguments.population, packages=arguments.packages)
    options = Options(
        users=arguments.users, catalog_size=arguments.catalog_size, skew=arguments.skew
    )
    model = open_engine(arguments.model or shipped_folder())
    learned = model.element_weights
    if arguments.weight_users:
        say("learning element weights from other users")
        learned = learned_population_weights(
            model, population,
            users=arguments.weight_users, seed=arguments.seed, skew=arguments.skew,
        )  # fmt: skip
    with TemporaryDirectory() as folder:
        recording = Recording(Path(folder), arguments.seed, options, population, Path(folder))
        rng = np.random.default_rng((arguments.seed, 0x4EAD))
        slates = [
            Slate(user, rng.permutation(options.catalog_size)[: arguments.slate_size])
            for user in range(options.users)
            for _ in range(arguments.slates)
        ]
        pictures = Pictures(recording, PretrainedEncoder())
        case = Case(
            population, recording.users, recording.catalog, known_at(recording, 0), slates, learned,
            pictures.shown,
        )  # fmt: skip
        totals = headroom_totals(case, EndToEnd(model, pictures), say=say)
    by_user = {
        name: ndcg_by_user(case, of_slates, seed=arguments.seed)
        for name, of_slates in totals.items()
    }
    chance = [
        ndcg_by_user(case, [rng.random(len(s.candidates)) for s in slates], seed=n)
        for n in range(RANDOM_ORDERS)
    ]
    by_user = {"random": {u: float(np.mean([c[u] for c in chance])) for u in chance[0]}, **by_user}
    print(describe(by_user, learned.summary))
    if arguments.out:
        atomic_write(
            arguments.out,
            json.dumps(
                {
                    "population": arguments.population, "seed": arguments.seed,
                    "model": model.model_version, "learned_weights": learned.model_dump(),
                    "slate_size": arguments.slate_size, "ndcg_by_user": by_user,
                },
                indent=1,
            ),
        )  # fmt: skip
    return 0


def describe(by_user: dict[str, dict[int, float]], weights: str) -> str:
    """A table in Markdown: the mean of each variant, and its difference to the frozen model."""
    frozen = by_user[FROZEN]
    lines = [
        f"{len(frozen)} users; learned element weights: {weights}.", "",
        "| ranking | NDCG@10 | 95 % interval | points above the frozen model with weights |",
        "|---|---|---|---|",
    ]  # fmt: skip
    for name, values in by_user.items():
        interval = mean(list(values.values()))
        gain = paired_difference([values[u] for u in frozen], list(frozen.values()))
        above = f"{100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
        bounds = f"{interval.low:.3f}-{interval.high:.3f}"
        lines.append(f"| {name} | {interval.value:.3f} | {bounds} | {above} |")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--population", choices=NAMES, default=NAMES[0])
    parser.add_argument("--packages", type=Path, help="folder of packages with real pictures")
    parser.add_argument("--model", type=Path, help="folder of the model (the shipped one)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--catalog-size", type=int, default=240)
    parser.add_argument("--slates", type=int, default=1, help="of each user (1)")
    parser.add_argument("--slate-size", type=int, default=20)
    parser.add_argument("--skew", type=float, default=0.0)
    parser.add_argument(
        "--weight-users", type=int, default=100,
        help="other users from whom the element weights are learned (100); 0: those of the model",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="also write the values by user as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
