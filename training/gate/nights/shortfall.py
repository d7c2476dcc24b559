"""Say what a night that could not judge would have needed: people, pairs a person, or nights."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.gate.nights.betting import FRACTIONS, Floats

POWER_QUANTILE: Final = 0.8416
"""Of the normal distribution at 80 %: a gain is then found in four of five cases."""
USUAL_GAIN: Final = 0.018
"""The capped smooth gain of a model with 3 points more right answers, as measured on simulated
nights (decision 0151); used where no gain of this size shows yet."""
MOST_PEOPLE: Final = 100_000


@dataclass(frozen=True)
class Shortfall:
    """How much evidence finds a gain with a probability of 80 %, by the spread of these people."""

    gain: float
    """The gain that it is computed for, 0-1."""
    people: int
    """Held-out people in all, on this night and the earlier ones."""
    nights: int
    """Further nights with as many people as this one; 0 where the evidence should be enough."""
    pairs: float
    """Pairs a person on this night."""


def shortfall(
    tonight: Floats, earlier: Floats, *, pairs: int, allowance: float, bound: float, limit: float
) -> Shortfall | None:
    """`limit` is the logarithm of the capital that decides; None without at least two people.

    The capital's logarithm grows a person by bet x d - bet^2 x s^2 / 2 on average (a gain d above
    the allowance, standard deviation s), and its standard deviation a person is bet x s.
    """
    gains = np.concatenate([tonight, earlier])
    if gains.size < 2 or not tonight.size:
        return None
    gain = max(float(gains.mean()), USUAL_GAIN)
    above, spread = gain - allowance, max(float(gains.std(ddof=1)), 1e-3)
    bets = FRACTIONS / (bound + allowance)
    needed = limit + math.log(len(FRACTIONS))
    people = min(
        _people(bet * above - (bet * spread) ** 2 / 2, bet * spread, needed) for bet in bets
    )
    more = max(0, people - gains.size)
    return Shortfall(gain, people, math.ceil(more / tonight.size), pairs / tonight.size)


def _people(drift: float, spread: float, needed: float) -> int:
    """The fewest people n with n drift - z sqrt(n) spread >= needed."""
    if drift <= 0:
        return MOST_PEOPLE
    root = (
        POWER_QUANTILE * spread + math.sqrt((POWER_QUANTILE * spread) ** 2 + 4 * drift * needed)
    ) / (2 * drift)
    return min(MOST_PEOPLE, math.ceil(root**2))
