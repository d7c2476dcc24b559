"""Fit the weights of the linear query to clicks, on some users, and test them on the others.

python -m training.retrieval.fit --lake lake --out retrieval-weights.json

Feeds and feedback come from the lake. The weights are written only if the clicks of users that were
not used agree better with them than with the shipped ones.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.domain.clock import system_clock
from shared.domain.taste import ELEMENTS
from shared.domain.weights.retrieval_weights import SHIPPED, RetrievalWeights
from shared.files.atomic_write import atomic_write
from training.dataset.lake import UnreadableLake, open_lake
from training.evaluation.serving_model import SEED
from training.retrieval.click_pairs import ClickPairs, read_click_pairs
from training.statistics.bootstrap import paired_difference, share
from training.statistics.interval import Interval, Share

MIN_USERS: Final = 20
"""Users on each side of the split; with fewer the interval says nothing."""
TEST_SHARE: Final = 0.4
"""Share of the users whose clicks only test the weights."""
PULL: Final = 5.0
"""Penalty on factors that differ from each other: a few clicks leave the shipped proportions."""
DAYS: Final = 30
NAMES: Final = (*(element.value for element in ELEMENTS), "subject")


@dataclass(frozen=True)
class Fit:
    """Fitted weights, and how often they and the shipped ones prefer the clicked image."""

    weights: RetrievalWeights
    users: int
    pairs: int
    shipped: Share
    fitted: Share
    difference: Interval

    @property
    def is_better(self) -> bool:
        """Whether the clicks of the test users show that the fitted weights are better."""
        return self.difference.low > 0


class TooFewUsers(Exception):
    """There are not enough users with clicks to fit weights and to test them."""


def fit(pairs: ClickPairs, *, seed: int) -> Fit:
    """Fit on the first part of the users, drawn at random, and test on the rest."""
    users = np.unique(pairs.user)
    order = np.random.default_rng(seed).permutation(users)
    count = round(TEST_SHARE * len(users))
    if min(count, len(users) - count) < MIN_USERS:
        raise TooFewUsers(
            f"{len(users)} users have clicks on feeds whose other images they have viewed; fitting"
            f" needs {round(MIN_USERS / TEST_SHARE)}. Send views and clicks with the request id,"
            " and try again later, or raise --days"
        )
    is_test = np.isin(pairs.user, order[:count])
    factors = relative_factors(pairs.select(~is_test))
    test = pairs.select(is_test)
    return Fit(
        RetrievalWeights(
            **{
                name: round(factor * getattr(SHIPPED, name), 4)
                for name, factor in zip(NAMES, factors.tolist(), strict=True)
            }
        ),
        users=count,
        pairs=len(test),
        shipped=share(_right(test, np.ones(len(NAMES))), seed=seed),
        fitted=share(_right(test, factors), seed=seed),
        difference=paired_difference(
            [float(np.mean(row)) for row in _right(test, factors)],
            [float(np.mean(row)) for row in _right(test, np.ones(len(NAMES)))],
            seed=seed,
        ),
    )


def relative_factors(pairs: ClickPairs) -> "np.typing.NDArray[np.float64]":
    """A factor for each of the six scores, with mean 1: (6,).

    Logistic regression on pairs of a clicked and a viewed image of one feed (Bradley and Terry
    1952) with factors of at least 0; the ranks of the two images take the bias of position. Users
    count the same, however many pairs they have.
    """
    from scipy.optimize import minimize

    _, user, counts = np.unique(pairs.user, return_inverse=True, return_counts=True)
    weight = 1 / counts[user]
    weight *= len(pairs) / weight.sum()
    features = np.column_stack([pairs.differences, pairs.position])  # (pairs, 7)

    def loss(parameters: Any) -> tuple[float, Any]:
        logits = features @ parameters
        spread = parameters[:-1] - parameters[:-1].mean()
        penalty = PULL * float(spread @ spread)
        value = float(weight @ np.logaddexp(0, -logits)) + penalty
        gradient = -features.T @ (weight / (1 + np.exp(logits)))
        gradient[:-1] += 2 * PULL * spread
        return value, gradient

    start = np.append(np.ones(len(NAMES)), 0.0)
    bounds = [(0, None)] * len(NAMES) + [(None, None)]
    fitted = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x[:-1]
    mean = fitted.mean()
    factors = fitted / mean if mean > 0 else np.ones(len(NAMES))
    return np.asarray(factors, np.float64)


def _right(pairs: ClickPairs, factors: "np.typing.NDArray[np.float64]") -> list[list[float]]:
    """For each user and pair, whether the clicked image has the higher sum; a tie counts half."""
    sums = pairs.differences @ factors
    values = (sums > 0) + 0.5 * (sums == 0)
    return [values[pairs.user == user].tolist() for user in np.unique(pairs.user)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.retrieval.fit", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--lake", required=True, help="folder or s3:// address of the lake")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    parser.add_argument("--days", type=int, default=DAYS, help=f"days of feeds, default {DAYS}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--storage-options", type=json.loads, default={}, help="JSON, for S3")
    options = parser.parse_args(arguments)
    since = (system_clock() - timedelta(days=options.days)).date()
    try:
        with open_lake(
            options.lake, since=since, storage_options=options.storage_options
        ) as connection:
            result = fit(read_click_pairs(connection), seed=options.seed)
    except (UnreadableLake, TooFewUsers) as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return 1
    if result.is_better:
        atomic_write(options.out, result.weights.model_dump_json(indent=2) + "\n")
    print(json.dumps(summary(result, options.out)))
    return 0


def summary(result: Fit, out: Path) -> dict[str, Any]:
    """What the command prints."""
    return {
        "test_users": result.users,
        "test_pairs": result.pairs,
        "right_with_shipped_weights": str(result.shipped),
        "right_with_fitted_weights": str(result.fitted),
        "difference": str(result.difference),
        "weights": result.weights.model_dump(),
        "written": str(out) if result.is_better else None,
    }


if __name__ == "__main__":
    sys.exit(main())
