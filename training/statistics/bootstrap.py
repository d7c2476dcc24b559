"""Bootstrap intervals over users: shares, means, paired differences and means over seeds.

The user is the unit that is drawn, with all of the user's answers, because answers of one user are
not independent (cluster bootstrap, Davison and Hinkley 1997, section 3.8). Where all users of a
share agree, every sample is the same and the bootstrap interval has no width; a Wilson interval
with one trial a user replaces it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from training.statistics.interval import TAIL, Interval, Share
from training.statistics.resampling import Floats, Resampling
from training.statistics.wilson import wilson

DRAWS: Final = 2000
"""Bootstrap samples: the ends of an interval move by less than half a point between seeds."""


def weighted_means(
    weights: Floats,
    sums: Mapping[str, Floats],
    resampling: Resampling,
    *,
    tail: float = TAIL,
    shares: Collection[str] = (),
) -> dict[str, Interval]:
    """Weighted mean of each column over all answers, with its interval over users.

    `weights` (users,) are the summed weights of each user's answers, `sums` (users,) each the
    summed weight times value. Columns named in `shares` hold values 0-1 and get a Wilson interval
    where all users agree.
    """
    names = list(sums)
    table = np.stack([weights, *(sums[name] for name in names)], axis=1)
    drawn = resampling.sums(table)  # (draws, 1 + columns)
    means = drawn[:, 1:] / np.maximum(drawn[:, :1], 1e-12)
    low, high = np.percentile(means, [100 * tail, 100 * (1 - tail)], axis=0)
    value = table[:, 1:].sum(0) / max(float(weights.sum()), 1e-12)
    intervals = {
        name: Interval(float(value[k]), float(low[k]), float(high[k]))
        for k, name in enumerate(names)
    }
    for name in shares:
        intervals[name] = _share_interval(intervals[name], weights, sums[name], tail=tail)
    return intervals


def share(by_user: Sequence[Sequence[float]], *, seed: int) -> Share:
    """The mean of all answers, each 0-1; `by_user` holds the answers of one user together.

    Raises `ValueError` where there is no answer.
    """
    answered = [answers for answers in by_user if len(answers)]
    if not answered:
        raise ValueError("There is no answer to take a share of.")
    count = np.array([len(answers) for answers in answered], np.float64)  # (users,)
    right = np.array([sum(answers) for answers in answered], np.float64)  # (users,)
    resampling = Resampling(draws=DRAWS, seed=seed)
    mean = weighted_means(count, {"right": right}, resampling, shares=["right"])["right"]
    return Share(mean.value, mean.low, mean.high, int(count.sum()), len(answered))


def mean(values: Sequence[float], *, seed: int = 0) -> Interval:
    """The mean of one value a user (or seed), with its interval; one value has no width."""
    column = np.asarray(values, np.float64)
    resampling = Resampling(draws=DRAWS, seed=seed)
    return weighted_means(np.ones(len(column)), {"value": column}, resampling)["value"]


def paired_difference(
    first: Sequence[float], second: Sequence[float], *, seed: int = 0
) -> Interval:
    """Mean of `first - second`; both hold one value a user, in the same order.

    An interval without width means that no user's difference varies; there is no Wilson interval
    of a difference.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values cannot be paired with {len(second)}.")
    return mean(np.subtract(first, second).tolist(), seed=seed)


def mean_over_seeds(values: Sequence[Sequence[Floats]], *, seed: int = 0) -> Interval:
    """Mean of shares over seeds, sets and users; `values[seed][set]` is (users,), each 0-1.

    Each set counts the same. A sample draws seeds, and users within each set; the users of a sample
    are the same for all of its seeds, because every seed answers for the same users.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS):
        seeds = rng.integers(len(values), size=len(values))
        users = [rng.integers(len(split), size=len(split)) for split in values[0]]
        sample = [values[s][k][places].mean() for s in seeds for k, places in enumerate(users)]
        drawn.append(np.mean(sample))
    low, high = np.percentile(drawn, [100 * TAIL, 100 * (1 - TAIL)])
    value = float(np.mean([[split.mean() for split in of_seed] for of_seed in values]))
    users_of_all_sets = np.concatenate([np.stack(split) for split in zip(*values, strict=True)], 1)
    by_user = users_of_all_sets.mean(0)  # (users of all sets,)
    interval = Interval(value, float(low), float(high))
    return _share_interval(interval, np.ones(len(by_user)), by_user, tail=TAIL)


def mean_over_groups(values: Sequence[Floats], *, seed: int = 0) -> Interval:
    """Mean of users' values over groups that each have their own users, such as simulated seeds.

    `values[group]` is (users,). Each group counts the same. A sample draws groups, and users within
    each of them; one group alone is not drawn. Raises `ValueError` where a group has no user.
    """
    if not values or not all(len(group) for group in values):
        raise ValueError("Every group needs at least one user.")
    rng = np.random.default_rng(seed)
    means = np.empty((DRAWS, len(values)))
    for place, chosen in enumerate(rng.integers(len(values), size=(DRAWS, len(values))).T):
        for number, group in enumerate(values):
            samples = np.flatnonzero(chosen == number)
            users = rng.integers(len(group), size=(len(samples), len(group)))
            means[samples, place] = np.asarray(group)[users].mean(axis=1)
    low, high = np.percentile(means.mean(axis=1), [100 * TAIL, 100 * (1 - TAIL)])
    return Interval(float(np.mean([group.mean() for group in values])), float(low), float(high))


def _share_interval(interval: Interval, weights: Floats, sums: Floats, *, tail: float) -> Interval:
    """The interval itself, or a Wilson interval where all users have the same mean."""
    counted = weights > 0
    means = sums[counted] / weights[counted]
    if not len(means) or np.ptp(means) > 1e-9:
        return interval
    value = min(1.0, max(0.0, float(means.mean())))
    return Interval(value, *wilson(value, len(means), tail=tail))
