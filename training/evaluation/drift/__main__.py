"""Measure whether stated tastes hold: `python -m training.evaluation.drift --skew 0.7`.

For clicks, likes and hides it prints how many users lost the strongest stated word of an element
without having changed their taste, and how far users who did change are below the others.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Final, get_args

import numpy as np

from training.evaluation.drift.people import (
    Feedback,
    Known,
    Person,
    Setting,
    live_day,
    lost_words,
    new_person,
)
from training.evaluation.markdown import header, line
from training.statistics.wilson import wilson

NIGHTS: Final = 3
"""Nights in which a changed taste should be followed."""
SEED: Final = 20260
DRAWS: Final = 2_000
"""Bootstrap samples over users."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.drift",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument(
        "--skew", type=float, nargs="+", default=[0.0, 0.7, 0.9],
        help="shares of the images that show one frequent art style, and color (0 0.7 0.9)",
    )  # fmt: skip
    parser.add_argument("--users", type=int, default=40, help="per line, default 40")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument(
        "--feedback", choices=get_args(Feedback), nargs="+", default=get_args(Feedback),
        help="what the users give (all)",
    )  # fmt: skip
    parser.add_argument(
        "--known", choices=get_args(Known), default="views", help="base rates from (views)"
    )
    parser.add_argument(
        "--equal-weights", action="store_true", help="all elements count equally for every user"
    )
    parser.add_argument("--slates", type=int, default=Setting.slates, help="a day (8)")
    options = parser.parse_args()
    columns = ["feedback", "overwritten (95 %)", "of them noted", "NDCG@10, no change"]
    columns += [f"changed, below after {night} nights" for night in range(NIGHTS + 1)]
    print("\n".join(header("skew", columns)))
    for skew in options.skew:
        for feedback in options.feedback:
            steady, changed = (
                _lived(
                    Setting(
                        skew=skew, feedback=feedback, drifts=drifts, known=options.known,
                        equal_weights=options.equal_weights, slates=options.slates,
                    ),
                    users=options.users, seed=options.seed,
                )
                for drifts in (False, True)
            )  # fmt: skip
            print(line(f"{skew:g}", _cells(feedback, steady, changed)), flush=True)
    return 0


Lived = tuple[Sequence[Person], np.ndarray]
"""People after all days, and their NDCG@10 by day. (users, days)"""


def _lived(setting: Setting, *, users: int, seed: int) -> Lived:
    people = [new_person(setting, seed=seed, number=number) for number in range(users)]
    ndcg = [[live_day(person, setting, day) for day in range(NIGHTS + 1)] for person in people]
    return people, np.array(ndcg)


def _cells(feedback: str, steady: Lived, changed: Lived) -> list[str]:
    people, ndcg = steady
    overwritten = [person for person in people if lost_words(person)]
    noted = sum(any(e.kind == "overruled" for e in person.history) for person in overwritten)
    low, high = wilson(len(overwritten) / len(people), len(people))
    gaps = [_interval(ndcg[:, day] - changed[1][:, day], seed=day) for day in range(NIGHTS + 1)]
    return [
        feedback,
        f"{len(overwritten)} of {len(people)} ({low:.2f}-{high:.2f})",
        f"{noted} of {len(overwritten)}",
        _interval(ndcg[:, -1], seed=0),
        *gaps,
    ]


def _interval(values: np.ndarray, *, seed: int) -> str:
    """Mean over users, with a bootstrap interval; the same user is compared with and without."""
    rng = np.random.default_rng(seed)
    drawn = values[rng.integers(len(values), size=(DRAWS, len(values)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    sys.exit(main())
