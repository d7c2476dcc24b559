"""Draw the evidence of a training job of known truth: honest, without a gain, flipped, farmed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.gate.evidence import Evidence, Floats, FormatCount, PairSet

SPLITS = ("single_seen", "single_unseen", "multi_seen", "multi_unseen")
BENCHMARK_USERS = 600
BENCHMARK_PAIRS = 1_500
ORDER_PAIRS = 1_000
FORMAT_ANSWERS = 2_000
Rng = np.random.Generator


@dataclass(frozen=True)
class SimulatedJob:
    """What is true of a training job. Shares and gains are 0-1."""

    pairs: int = 4_000
    users: int = 800
    right: float = 0.68
    """Share of clicks that the champion predicts; the rest is noise and the users' own taste."""
    gain: float = 0.0
    """The challenger's true gain among honest users."""
    changed: float = 0.15
    """Share of pairs that the two models answer differently: one job with a small adapter."""
    spread: float = 0.03
    """Standard deviation of the true gain between users."""
    later_gain: float | None = None
    """The gain on later days; None: as among held-out users."""
    benchmark_gain: float = 0.0
    farm_share: float = 0.0
    """Share of users who click together, and whose clicks the challenger has memorized."""
    farm_activity: float = 1.0
    """Pairs of such a user, in those of an honest user."""


def draw_evidence(job: SimulatedJob, *, seed: int) -> Evidence:
    """The evidence of one job; the same for a seed."""
    rng = np.random.default_rng(seed)
    later = job.gain if job.later_gain is None else job.later_gain
    return Evidence(
        champion="champion",
        challenger="challenger",
        held_out_users=_feedback(rng, job, job.gain),
        later_days=_feedback(rng, job, later),
        benchmark={
            split: _answers(
                rng,
                _users(rng, BENCHMARK_USERS // len(SPLITS), BENCHMARK_PAIRS // len(SPLITS)),
                right=0.95,
                gain=job.benchmark_gain,
                changed=max(0.04, 2 * abs(job.benchmark_gain)),
            )
            for split in SPLITS
        },
        order=_answers(rng, np.arange(ORDER_PAIRS), right=0.97, gain=0.0, changed=0.03),
        champion_format=FormatCount(FORMAT_ANSWERS, FORMAT_ANSWERS),
        challenger_format=FormatCount(FORMAT_ANSWERS, int(rng.binomial(FORMAT_ANSWERS, 0.9995))),
    )


def _feedback(rng: Rng, job: SimulatedJob, gain: float) -> PairSet:
    users = _users(rng, job.users, job.pairs)
    gains = gain + job.spread * rng.standard_normal(job.users)
    honest = _answers(rng, users, right=job.right, gain=gains[users], changed=job.changed)
    count = round(job.farm_share * job.users)
    if not count:
        return honest
    each = max(1, round(job.farm_activity * job.pairs / job.users))
    farm = np.repeat(np.arange(count), each) + job.users
    ones = np.ones(len(farm))
    return PairSet(
        users=np.concatenate([honest.users, farm]),
        weights=np.concatenate([honest.weights, 2 * ones]),
        champion=np.concatenate([honest.champion, 0 * ones]),
        challenger=np.concatenate([honest.challenger, ones]),
    )


def _users(rng: Rng, users: int, pairs: int) -> npt.NDArray[np.int64]:
    """The user of each pair: every user has one, and few users have many."""
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
    """Answers that differ on a share of the pairs, in the challenger's favor by `gain`."""
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
