"""Log slates of the simulator's users as the assessor does: its swaps, ranks and propensities.

The users are those of the closed loop (`training.simulate.users`): they look from the top, and
click by their own taste. The truth of an order is what these users would click on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import numpy as np

from services.assessor.steps.reranking.exploration import Place, fair_pairs
from shared.domain.taste import ELEMENTS
from training.gate.off_policy.evidence import (
    CHALLENGER,
    CHAMPION,
    LoggedSlate,
    Looks,
    OffPolicyEvidence,
    Swaps,
)
from training.prefersim.users.true_answers import score_element
from training.prefersim.values.vocabulary import VALUES
from training.simulate.users import (
    HALF,
    NOISE,
    PATIENCE,
    STEEPNESS,
    WEIGHTS,
    SimulatedUser,
    clicks,
    draw_images,
    draw_users,
    viewed_ranks,
)

IMAGES = 200
SIZE = 12
EXPLORE_SHARE = 0.1
"""The assessor's default."""
GROUPS = 10
DRAWS = 4_000
NAMES = (CHAMPION, CHALLENGER, "popularity", "image_vectors")


@dataclass(frozen=True)
class Population:
    """Users with the true probability of a click on each image, and the scores of each order."""

    rates: np.ndarray  # (users, images)
    appeal: np.ndarray
    scores: Mapping[str, np.ndarray]  # (users, images) each

    def truth(self, name: str) -> float:
        """Expected clicks a slate of random candidates in this order, over all users."""
        rng = np.random.default_rng(99)
        total = 0.0
        for user, rates in enumerate(self.rates):
            for _ in range(20):
                images = rng.permutation(IMAGES)[:SIZE]
                order = images[np.argsort(-self.scores[name][user, images], kind="stable")]
                total += float((PATIENCE ** np.arange(SIZE) * rates[order]).sum())
        return total / (20 * len(self.rates))


@cache
def population(users: int = 400) -> Population:
    """Users from which each log is drawn with replacement: their mean is the truth."""
    rng = np.random.default_rng(7)
    shown = draw_images(rng, IMAGES)
    drawn = draw_users(users, seed=20)
    digits = np.stack([_digits(user, shown) for user in drawn])
    appeal = np.stack([d @ np.array(u.weights) / 5 for d, u in zip(digits, drawn, strict=True)])
    rates = (1 - NOISE) / (1 + np.exp(-STEEPNESS * (appeal - HALF))) + NOISE / 2
    popular = rates.mean(axis=0)
    scores = {
        # The champion counts all elements equally, as the release does; the challenger has learned.
        CHAMPION: digits.mean(axis=2) / 5,
        CHALLENGER: digits @ np.array(list(WEIGHTS.values())) / 5,
        "popularity": np.broadcast_to(popular, appeal.shape),
        "image_vectors": appeal + rng.normal(0, 0.3, appeal.shape),
    }
    return Population(rates, appeal, scores)


def _digits(user: SimulatedUser, shown: np.ndarray) -> np.ndarray:
    """The true digit of each element of each image. (images, 5)"""
    likes, dislikes = user.taste.like_words, user.taste.dislike_words
    columns = []
    for element, values in zip(ELEMENTS, shown.T, strict=True):
        table = [
            score_element(element, word, likes=likes[element], dislikes=dislikes[element]).digit
            for word in VALUES[element]
        ]
        columns.append(np.array(table, float)[values])
    return np.stack(columns, axis=1)


def draw_log(
    seed: int, *, held_out: int = 60, training: int = 180, slates: int = 5,
    share: float = EXPLORE_SHARE, trust: float = 1.0,
) -> OffPolicyEvidence:  # fmt: skip
    """One window of feeds and feedback. `trust` below 1: clicks on a look fall with the rank."""
    everyone, rng = population(), np.random.default_rng([seed, 3])
    chosen = rng.integers(len(everyone.rates), size=held_out + training)
    looks = np.zeros((2, GROUPS, SIZE))
    swaps = np.zeros((held_out + training, 2))
    lines: list[LoggedSlate] = []
    others: list[LoggedSlate] = []
    for number, user in enumerate(chosen):
        is_held_out = number < held_out
        for visit in range(1 + int(rng.poisson(slates - 1))):
            places = _places(share)[int(rng.integers(DRAWS))]
            viewed = np.arange(SIZE) < viewed_ranks(rng, SIZE)
            if not is_held_out:
                looks[0, number % GROUPS] += 1
                looks[1, number % GROUPS] += viewed
            is_other = visit == 0 and held_out <= number < held_out + 30
            is_explored = any(place.explored for place in places)
            if not (is_held_out or is_other or is_explored):
                continue  # only its looks are used
            slate = _slate(rng, everyone, number, int(user), places, viewed, trust=trust)
            for upper in _swapped_pairs(slate):
                swaps[number] += slate.clicked[upper : upper + 2]
            if is_held_out:
                lines.append(slate)
            elif is_other:
                others.append(slate)
    return OffPolicyEvidence(
        tuple(lines), tuple(others), Looks(looks[0], looks[1]), Swaps(swaps[:, 0], swaps[:, 1]),
        available=len(lines),
    )  # fmt: skip


@cache
def _places(share: float) -> list[tuple[Place, ...]]:
    """Draws of the assessor's exploration, from which each slate takes one."""
    rng = np.random.default_rng(11)
    seeds = (UUID(int=int(rng.integers(2**63))) for _ in range(DRAWS))
    return [fair_pairs(SIZE, share=share, seed=seed) for seed in seeds]


def _slate(
    rng: np.random.Generator, everyone: Population, number: int, user: int,
    places: Sequence[Place], viewed: np.ndarray, *, trust: float,
) -> LoggedSlate:  # fmt: skip
    images = rng.permutation(IMAGES)[:SIZE]
    base = images[np.argsort(-everyone.scores[CHAMPION][user, images], kind="stable")]
    shown = base[[place.origin for place in places]]
    clicked = clicks(rng, everyone.appeal[user, shown]) & viewed
    clicked &= rng.random(SIZE) < trust ** np.arange(SIZE)
    return LoggedSlate(
        user=str(number),
        propensities=np.array([place.propensity for place in places]),
        explored=tuple(place.explored for place in places),
        viewed=viewed.astype(float),
        clicked=clicked.astype(float),
        scores={name: everyone.scores[name][user, shown] for name in NAMES},
    )


def _swapped_pairs(slate: LoggedSlate) -> list[int]:
    """Upper ranks, from 0, of explored pairs that were both looked at."""
    start = next((n for n, explored in enumerate(slate.explored) if explored), SIZE)
    return [n for n in range(start, SIZE - 1, 2) if slate.explored[n] and slate.viewed[n + 1]]
