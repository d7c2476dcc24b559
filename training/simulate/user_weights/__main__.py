"""Measure users' own weights: `python -m training.simulate.user_weights --seeds 2001,2002`.

The true taste of each user is given; what is estimated from clicks is how much each element counts.
Bounds are the weights of the population and the user's true weights. No system is started: the
estimate is the one of the profile service. The constants were chosen on the seeds 77 and 78.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS
from shared.files.atomic_write import atomic_write
from training.simulate.user_weights.clicks import (
    MeasuredSlates,
    Scene,
    as_weights,
    ndcg_by_slates,
)
from training.simulate.users import WEIGHTS, draw_users
from training.statistics import bootstrap
from training.statistics.interval import Interval

MARKS: Final = (1, 3, 5, 10, 20)
"""Slates of 12 images after which the weights are measured; a user views about five of each."""
LEARNED: Final = as_weights([WEIGHTS[element] for element in ELEMENTS])
"""The mean weights of the users, as training learns them from all clicks."""
POPULATIONS: Final[dict[str, ElementWeights]] = {"learned": LEARNED, "release": EQUAL_WEIGHTS}
Values = dict[str, list[float]]
"""NDCG@10 of each user, by the name of the weights."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=_numbers, default=(2001, 2002), help="default 2001,2002")
    parser.add_argument("--users", type=int, default=50, help="users per seed (50)")
    parser.add_argument("--out", type=Path, help="write the figures as JSON to this file")
    arguments = parser.parse_args()
    values: Values = {}
    for seed in arguments.seeds:
        for name, ndcg in _measure(seed, arguments.users).items():
            values.setdefault(name, []).extend(ndcg)
    intervals = {name: bootstrap.mean(of_users) for name, of_users in values.items()}
    for name, interval in intervals.items():
        print(f"{name:52} {_text(interval)}  {len(values[name])} users")
    if arguments.out:
        atomic_write(
            arguments.out, json.dumps({n: vars(i) for n, i in intervals.items()}, indent=1)
        )
    return 0


def _measure(seed: int, count: int) -> Values:
    scene = Scene.draw(seed)
    values: Values = {}
    for number, user in enumerate(draw_users(count, seed=seed)):
        slates = MeasuredSlates(user, scene.tests)
        bounds = {"release": EQUAL_WEIGHTS, "learned": LEARNED, "true": as_weights(user.weights)}
        for name, weights in bounds.items():
            values.setdefault(f"{name} weights", []).append(slates.mean_ndcg(weights))
        for population, weights in POPULATIONS.items():
            for source, with_views in (("views", True), ("the catalog", False)):
                rng = np.random.default_rng((seed, 0x0E17, number))
                measured = ndcg_by_slates(
                    user, scene, weights, rng, marks=MARKS, with_views=with_views
                )
                for mark, ndcg in zip(MARKS, measured, strict=True):
                    name = f"own from {population}, against {source}, {mark:2} slates"
                    values.setdefault(name, []).append(ndcg)
    return values


def _text(interval: Interval) -> str:
    return f"{interval.value:.4f} ({interval.low:.4f}-{interval.high:.4f})"


def _numbers(text: str) -> Sequence[int]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
