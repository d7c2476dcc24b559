"""Score feedback pairs with champion and challenger, and some of them with the two controls.

A control is the challenger with a wrong profile: `user_blind` has none, `other_user` that of
another user. A control decides nothing; it shows whether the score depends on the user at all.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final

from shared.domain.taste import Taste
from training.evaluation.controls import of_next_user
from training.evaluation.scoring import batches
from training.gate.evidence import Pair, PairSet
from training.job.evidence.models import ComparedModels
from training.job.scoring.deadline import Advance, IsLate
from training.job.scoring.feedback_cases import FeedbackCase
from training.job.scoring.pair_scoring import PairResult, compare, predict_tastes
from training.job.scoring.score_cache import ScoreCache

PAIR_BATCH: Final = 16


@dataclass(frozen=True)
class _Scorers:
    """The two models with their caches, and for each user the profile of another user."""

    champion: ScoreCache
    challenger: ScoreCache
    other_users: dict[str, Taste]


def feedback_pairs(
    models: ComparedModels,
    cases: Sequence[FeedbackCase],
    *,
    part: str,
    controlled: int,
    is_late: IsLate,
    advance: Advance,
) -> PairSet:
    """Pairs scored with the profile with which their slate was scored.

    Where that profile is lost (Kafka compacts profiles) each model predicts it from the references.
    The order is round-robin over users, the same in every job: an early end leaves many users, and
    the first `controlled` pairs, on which the controls are measured, are spread over all of them.
    """
    usable = [c for c in round_robin(cases) if c.profile or c.liked or c.disliked]
    scorers = _Scorers(
        ScoreCache(models.champion), ScoreCache(models.challenger), _other_profiles(usable)
    )
    rows: list[Pair] = []
    for batch in batches(usable, PAIR_BATCH):
        if is_late():
            break
        rows += _score(scorers, batch, controlled=max(0, controlled - len(rows)))
        advance(part, len(rows), len(usable))
    return PairSet.of(rows)


def round_robin(cases: Iterable[FeedbackCase]) -> list[FeedbackCase]:
    """The first pair of each user, then the second; users in an order by the hash of their id."""
    by_user: dict[str, list[FeedbackCase]] = defaultdict(list)
    for case in cases:
        by_user[case.user].append(case)
    users = sorted(by_user, key=lambda user: hashlib.sha256(user.encode()).digest())
    rounds = max(map(len, by_user.values()), default=0)
    return [by_user[u][n] for n in range(rounds) for u in users if n < len(by_user[u])]


def _score(scorers: _Scorers, cases: Sequence[FeedbackCase], *, controlled: int) -> list[Pair]:
    champion = _rank(scorers.champion, _tastes(scorers.champion, cases), cases)
    challenger = _rank(scorers.challenger, _tastes(scorers.challenger, cases), cases)
    some = cases[:controlled]
    user_blind = _rank(scorers.challenger, repeat(Taste()), some)
    other_user: list[PairResult] = []
    if scorers.other_users:
        others = [scorers.other_users[case.user] for case in some]
        other_user = _rank(scorers.challenger, others, some)
    return [
        Pair(
            user=case.user,
            weight=case.weight,
            champion=champion[n].right,
            challenger=challenger[n].right,
            user_blind=user_blind[n].right if n < len(user_blind) else None,
            other_user=other_user[n].right if n < len(other_user) else None,
            champion_probability=champion[n].probability,
            challenger_probability=challenger[n].probability,
        )
        for n, case in enumerate(cases)
    ]


def _tastes(scorer: ScoreCache, cases: Sequence[FeedbackCase]) -> list[Taste]:
    tastes = [case.taste for case in cases]
    missing = [n for n, taste in enumerate(tastes) if taste is None]
    predicted = predict_tastes(scorer.model, [cases[n].references() for n in missing])
    for number, (taste, _) in zip(missing, predicted, strict=True):
        tastes[number] = taste
    return [taste or Taste() for taste in tastes]


def _rank(
    scorer: ScoreCache, tastes: Iterable[Taste], cases: Sequence[FeedbackCase]
) -> list[PairResult]:
    pairs = [(taste, case.better, case.worse) for taste, case in zip(tastes, cases, strict=False)]
    return [compare(*scores) for scores in scorer.score_pairs(pairs)]


def _other_profiles(cases: Sequence[FeedbackCase]) -> dict[str, Taste]:
    """For each user the profile of the next user; empty with fewer than two profiles."""
    profiles = {case.user: case.taste for case in reversed(cases) if case.taste is not None}
    users = list(profiles)
    if len(users) < 2:
        return {}
    next_user = dict(zip(users, of_next_user(users), strict=True))
    return {case.user: profiles[next_user.get(case.user, users[0])] for case in cases}
