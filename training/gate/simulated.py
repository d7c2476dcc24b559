"""Draw the evidence of a night whose truth is known: honest, empty, flipped or farmed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.gate.evidence import Evidence, Floats, Form, PairSet

SPLITS = ("single_seen", "single_unseen", "multi_seen", "multi_unseen")
BENCHMARK_USERS = 600
BENCHMARK_PAIRS = 1_500
ORDER_PAIRS = 1_000
FORM_ANSWERS = 2_000
Rng = np.random.Generator


@dataclass(frozen=True)
class Night:
    """What is true of a night. Shares and gains are 0-1."""

    pairs: int = 4_000
    users: int = 800
    right: float = 0.68
    """Share of clicks that the champion foresees: people, and what noise leaves of them."""
    gain: float = 0.0
    """The challenger's true gain among honest users."""
    changed: float = 0.15
    """Share of pairs that the two models answer differently: one night of a small adapter."""
    spread: float = 0.03
    """Standard deviation of the true gain between users."""
    later_gain: float | None = None
    """The same on later days; None: as among held-out users."""
    benchmark_gain: float = 0.0
    farm_share: float = 0.0
    """Share of users who click together, and whom the challenger has learned by heart."""
    farm_activity: float = 1.0
    """Pairs of such a user, in those of an honest one."""


def draw_night(night: Night, *, seed: int) -> Evidence:
    """One night's evidence."""
    rng = np.random.default_rng(seed)
    later = night.gain if night.later_gain is None else night.later_gain
    return Evidence(
        champion="champion",
        challenger="challenger",
        held_out_users=_feedback(rng, night, night.gain),
        later_days=_feedback(rng, night, later),
        benchmark={
            split: _answers(
                rng,
                _users(rng, BENCHMARK_USERS // len(SPLITS), BENCHMARK_PAIRS // len(SPLITS)),
                right=0.95,
                gain=night.benchmark_gain,
                changed=max(0.04, 2 * abs(night.benchmark_gain)),
            )
            for split in SPLITS
        },
        order=_answers(rng, np.arange(ORDER_PAIRS), right=0.97, gain=0.0, changed=0.03),
        champion_form=Form(FORM_ANSWERS, FORM_ANSWERS),
        challenger_form=Form(FORM_ANSWERS, int(rng.binomial(FORM_ANSWERS, 0.9995))),
    )


def _feedback(rng: Rng, night: Night, gain: float) -> PairSet:
    honest = _users(rng, night.users, night.pairs)
    gains = gain + night.spread * rng.standard_normal(night.users)
    found = _answers(rng, honest, right=night.right, gain=gains[honest], changed=night.changed)
    count = round(night.farm_share * night.users)
    if not count:
        return found
    each = max(1, round(night.farm_activity * night.pairs / night.users))
    farm = np.repeat(np.arange(count), each) + night.users
    ones = np.ones(len(farm))
    return PairSet(
        users=np.concatenate([found.users, farm]),
        weights=np.concatenate([found.weights, 2 * ones]),
        champion=np.concatenate([found.champion, 0 * ones]),
        challenger=np.concatenate([found.challenger, ones]),
    )


def _users(rng: Rng, users: int, pairs: int) -> npt.NDArray[np.int64]:
    """The user of each pair: everybody has one, and few have many."""
    activity = rng.lognormal(0.0, 0.7, users)
    rest = rng.choice(users, size=max(pairs - users, 0), p=activity / activity.sum())
    return np.concatenate([np.arange(users), rest])


def _answers(
    rng: Rng,
    users: npt.NDArray[np.int64],
    *,
    right: float,
    gain: "float | Floats",
    changed: float,
) -> PairSet:
    """Answers that differ on a share of the pairs, in the challenger's favour by `gain`."""
    n = len(users)
    gained = np.clip((changed + np.broadcast_to(gain, n)) / 2, 0, changed)
    draw = rng.random(n)
    better, worse = draw < gained, (draw >= gained) & (draw < changed)
    same = (rng.random(n) < (right - (changed / 2)) / (1 - changed)).astype(float)
    return PairSet(
        users=users,
        weights=rng.choice([0.5, 1.0, 2.0], size=n, p=[0.3, 0.5, 0.2]),
        champion=np.where(better, 0.0, np.where(worse, 1.0, same)),
        challenger=np.where(better, 1.0, np.where(worse, 0.0, same)),
    )
