"""Draw pairs of two models and the users' choices: margins, of which the sign is the answer.

Margins of the two models are normal and correlated, so that a given share of their answers differs.
A user chooses by a logistic function of a mix of both margins. The strength of the choices sets how
often the champion is right, and the mix how much more often the challenger is.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rng = np.random.Generator
ANGLES, RADII = 720, 40
"""Points of the integration over both margins."""
ROUNDS = 60


@dataclass(frozen=True)
class ChoiceModel:
    """What of choices is true: strength, and the challenger's part beyond one half."""

    strength: float
    part: float
    part_per_gain: float
    """How much more part one more share of right answers takes."""
    correlation: float


@lru_cache(maxsize=256)
def choice_model(*, right: float, gain: float, changed: float) -> ChoiceModel:
    """The model with these shares, 0-1: right answers of the champion, gain, differing answers."""
    correlation = float(np.cos(np.pi * changed))
    slope = (_solved(right, 0.02, correlation)[1] - _solved(right, -0.02, correlation)[1]) / 0.04
    strength, part = _solved(right, gain, correlation)
    return ChoiceModel(strength, part, slope, correlation)


def margins(rng: Rng, users: Ints, model: ChoiceModel, *, spread: Floats) -> tuple[Floats, Floats]:
    """Margins of champion and challenger, positive where right. (n,) each.

    `spread` (users,) is the true gain of each user beyond the mean.
    """
    n = len(users)
    first = rng.standard_normal(n)
    second = model.correlation * first + np.sqrt(1 - model.correlation**2) * rng.standard_normal(n)
    part = model.part + model.part_per_gain * spread[users]
    chosen = rng.random(n) < _probability(first, second, model.strength, part)
    sign = np.where(chosen, 1.0, -1.0)
    return sign * first, sign * second


def _probability(first: Floats, second: Floats, strength: float, part: "float | Floats") -> Floats:
    z = strength * ((0.5 - part) * first + (0.5 + part) * second)
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -40, 40))))


def _solved(right: float, gain: float, correlation: float) -> tuple[float, float]:
    """Strength and part, by fixed-point steps on the integrated shares."""
    radius = np.sqrt(-2 * np.log(1 - (np.arange(RADII) + 0.5) / RADII))  # quantiles of a Rayleigh
    angle = (np.arange(ANGLES) + 0.5) * 2 * np.pi / ANGLES
    r, a = radius[:, None], angle[None, :]
    first, second = r * np.cos(a), r * np.cos(a - np.arccos(correlation))
    strength, part = 2.0, 0.0
    for _ in range(ROUNDS):
        p = _probability(first, second, strength, part)
        champion = float(np.where(first > 0, p, 1 - p).mean())
        challenger = float(np.where(second > 0, p, 1 - p).mean())
        strength *= float(np.exp(2 * (right - champion)))
        part += gain - (challenger - champion)
    return strength, part
