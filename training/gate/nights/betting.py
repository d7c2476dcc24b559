"""Test by betting whether people gain on average, valid however many nights are looked at.

A fictitious bettor stakes the fraction `bet` on each person's gain `x` exceeding `mean`: the
capital is multiplied by 1 + bet (x - mean). If the true mean is not above `mean`, no bet makes the
expected capital grow, so that it ever reaches 20 times its start with probability 1/20 at most
(Ville's inequality). Capitals of several bets are averaged, and those of later nights are
multiplied (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting",
sections 3 and 4; Ramdas et al. 2023, "Game-theoretic statistics and safe anytime-valid inference").

One bet is used for all people of all nights. Within a night the capital's expectation is then the
product of 1 + bet (m - mean) over people with true gains m, which is at most one whenever the
*average* of these gains is at most `mean`, though single people may gain more (geometric below
arithmetic mean). A bet that is adapted from person to person lacks this.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from training.statistics.interval import TAIL, Interval

Floats = npt.NDArray[np.float64]
FRACTIONS: Final = np.array([0.2, 0.3])
"""Bets as shares of the largest one that cannot lose everything. The bet that grows fastest is a
gain over its variance, three tenths for 3 points on recorded nights; a wider choice of bets finds
gains of 5 points sooner and those of 3 points two nights later (decision 0151)."""
HALVINGS: Final = 24
"""Of the range of means, for the end of an interval."""


def log_capital(nights: Sequence[Floats], means: Sequence[float], *, bound: float) -> Floats:
    """Logarithm of the capital after each night, against a mean of `means[n]` or less on night n.

    Each night holds one gain a person (people,), within `bound` of 0. Raises ValueError where one
    is not, or where a mean is at or below minus the bound. Returns (nights,).
    """
    total = np.zeros(len(FRACTIONS))
    capitals = np.zeros(len(nights))
    for number, (gains, mean) in enumerate(zip(nights, means, strict=True)):
        if gains.size and not np.abs(gains).max() <= bound + 1e-9:  # also where one is not a number
            raise ValueError(f"night {number + 1} has a gain that is not within {bound:g}")
        if mean <= -bound:
            raise ValueError(f"a mean of {mean:g} cannot be tested with gains within {bound:g}")
        bets = FRACTIONS / (bound + mean)
        total = total + np.log1p(bets[:, None] * (gains - mean)[None, :]).sum(axis=1)
        capitals[number] = np.logaddexp.reduce(total) - np.log(len(FRACTIONS))
    return capitals


def gain_interval(nights: Sequence[Floats], *, bound: float, tail: float = TAIL) -> Interval:
    """The mean gain a person over all nights, with its confidence sequence at the last night.

    The interval holds at every night at once with probability 1 - 2 `tail`. It is the set of means
    that neither a bet on more nor a bet on less refutes. Without people it is -bound to bound.
    """
    together = np.concatenate([*nights, np.empty(0)])
    if not together.size:
        return Interval(0.0, -bound, bound)
    value, limit = float(together.mean()), -np.log(tail)
    low = _refuted_up_to(together, bound=bound, limit=limit)
    high = -_refuted_up_to(-together, bound=bound, limit=limit)
    return Interval(value, min(low, value), max(high, value))


def _refuted_up_to(gains: Floats, *, bound: float, limit: float) -> float:
    """The largest mean that a bet on more refutes; minus the bound where it refutes none.

    The capital falls as the mean rises: its factor is (1 - f) + f (x + bound) / (mean + bound) for
    a fraction f.
    """
    low, high = -bound, bound
    for _ in range(HALVINGS):
        mean = (low + high) / 2
        refuted = log_capital([gains], [mean], bound=bound)[0] >= limit
        low, high = (mean, high) if refuted else (low, mean)
    return low
