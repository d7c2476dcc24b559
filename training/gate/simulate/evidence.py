"""Draw the evidence of a training job of known truth: honest, without a gain, flipped, farmed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.gate.evidence import Evidence, Floats, FormatCount, PairSet
from training.gate.nights.end_to_end import ARMS, CHALLENGER, EndToEnd, PredictedPairs
from training.gate.nights.gains import right_answers
from training.gate.simulate.choices import choice_model, margins

SPLITS = ("single_seen", "single_unseen", "multi_seen", "multi_unseen")
BENCHMARK_USERS = 600
BENCHMARK_PAIRS = 1_500
ORDER_PAIRS = 1_000
FORMAT_ANSWERS = 2_000
PAIR_WEIGHTS, PAIR_WEIGHT_SHARES = (0.5, 1.0, 2.0), (0.3, 0.5, 0.2)
FARM_MARGIN = 4.0
"""In standard deviations of an honest margin: what is memorized is certain."""
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
    held_out = predicted_pairs(rng, job, job.gain)
    return Evidence(
        champion="champion",
        challenger="challenger",
        held_out_users=right_answers(held_out, CHALLENGER),
        later_days=right_answers(predicted_pairs(rng, job, later), CHALLENGER),
        end_to_end=EndToEnd(held_out),
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


def predicted_pairs(rng: Rng, job: SimulatedJob, gain: float) -> PredictedPairs:
    """The pairs of one night. The weights are equal, so that the adapter alone makes the gain."""
    users = _users(rng, job.users, job.pairs)
    model = choice_model(right=job.right, gain=gain, changed=job.changed)
    spread = job.spread * rng.standard_normal(job.users)
    champion, challenger = margins(rng, users, model, spread=spread)
    weights = rng.choice(PAIR_WEIGHTS, size=len(users), p=PAIR_WEIGHT_SHARES)
    count = round(job.farm_share * job.users)
    each = max(1, round(job.farm_activity * job.pairs / job.users))
    farm = np.repeat(np.arange(count), each) + job.users
    ones = np.ones(len(farm))
    return of_two_models(
        users=np.concatenate([users, farm]),
        weights=np.concatenate([weights, 2 * ones]),
        champion=np.concatenate([champion, -FARM_MARGIN * ones]),
        challenger=np.concatenate([challenger, FARM_MARGIN * ones]),
    )


def of_two_models(
    *, users: npt.NDArray[np.int64], weights: Floats, champion: Floats, challenger: Floats
) -> PredictedPairs:
    """Pairs of two models with the same element weights."""
    by_arm = {"champion": champion, "weights_alone": champion}
    return PredictedPairs(users, weights, {arm: by_arm.get(arm, challenger) for arm in ARMS})


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
        weights=rng.choice(PAIR_WEIGHTS, size=n, p=PAIR_WEIGHT_SHARES),
        champion=np.where(better, 0.0, np.where(worse, 1.0, same)),
        challenger=np.where(better, 1.0, np.where(worse, 0.0, same)),
    )
