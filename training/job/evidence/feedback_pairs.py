"""Ask champion and challenger about pairs that people ordered, and about some of them the controls.

A control is the challenger with a wrong taste: none, or somebody else's. It decides nothing; it
shows that a model near chance without the person would have been seen.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

from shared.domain.taste import Taste
from training.gate.evidence import Pair, PairSet
from training.job.evidence.cases import HeardCase
from training.job.evidence.evidence_file import Advance, Late, Models
from training.job.evidence.pair_scoring import Answer, compared, predict
from training.job.evidence.score_cache import Remembered

PAIRS_AT_ONCE = 16


@dataclass(frozen=True)
class _Asked:
    """The two models, and the taste of somebody else for every person."""

    champion: Remembered
    challenger: Remembered
    others: dict[str, Taste]


def heard_pairs(
    models: Models,
    cases: Sequence[HeardCase],
    *,
    what: str,
    controlled: int,
    late: Late,
    advance: Advance,
) -> PairSet:
    """Pairs that people ordered, assessed against the profile that their slate was scored by.

    Without one (Kafka compacts profiles) each model predicts it from the references. People come
    in an order of chance, the same every night, and in turns: an early end leaves many of them, and
    the first `controlled` pairs, on which the controls are asked, are spread over all of them.
    """
    usable = [case for case in in_turns(cases) if case.profile or case.liked or case.disliked]
    asked = _Asked(
        Remembered(models.champion), Remembered(models.challenger), _somebody_elses(usable)
    )
    rows: list[Pair] = []
    for at in range(0, len(usable), PAIRS_AT_ONCE):
        if late():
            break
        part = usable[at : at + PAIRS_AT_ONCE]
        rows += _heard(asked, part, controlled=max(0, controlled - at))
        advance(what, at + len(part), len(usable))
    return PairSet.of(rows)


def _heard(asked: _Asked, cases: Sequence[HeardCase], *, controlled: int) -> list[Pair]:
    champion = _ranked(asked.champion, _tastes(asked.champion, cases), cases)
    challenger = _ranked(asked.challenger, _tastes(asked.challenger, cases), cases)
    some = cases[:controlled]
    blind = _ranked(asked.challenger, repeat(Taste()), some)
    another: list[Answer] = []
    if asked.others:
        another = _ranked(asked.challenger, [asked.others[case.user] for case in some], some)
    return [
        Pair(
            user=case.user,
            weight=case.weight,
            champion=champion[n].right,
            challenger=challenger[n].right,
            blind=blind[n].right if n < len(blind) else None,
            another=another[n].right if n < len(another) else None,
            champion_probability=champion[n].probability,
            challenger_probability=challenger[n].probability,
        )
        for n, case in enumerate(cases)
    ]


def _tastes(remembered: Remembered, cases: Sequence[HeardCase]) -> list[Taste]:
    known = [case.taste for case in cases]
    missing = [n for n, taste in enumerate(known) if taste is None]
    predicted = predict(remembered.model, [cases[n].references() for n in missing])
    for number, (taste, _) in zip(missing, predicted, strict=True):
        known[number] = taste
    return [taste or Taste() for taste in known]


def _ranked(
    remembered: Remembered, tastes: Iterable[Taste], cases: Sequence[HeardCase]
) -> list[Answer]:
    asked = [(taste, case.better, case.worse) for taste, case in zip(tastes, cases, strict=False)]
    return [compared(*scores) for scores in remembered.score_pairs(asked)]


def in_turns(cases: Iterable[HeardCase]) -> list[HeardCase]:
    """Everybody's first pair, then everybody's second; people in an order of chance that stays."""
    by_user: dict[str, list[HeardCase]] = defaultdict(list)
    for case in cases:
        by_user[case.user].append(case)
    users = sorted(by_user, key=lambda user: hashlib.sha256(user.encode()).digest())
    turns = max(map(len, by_user.values()), default=0)
    return [by_user[u][turn] for turn in range(turns) for u in users if turn < len(by_user[u])]


def _somebody_elses(cases: Sequence[HeardCase]) -> dict[str, Taste]:
    """For each person the profile of the next one; empty where there is only one."""
    told = {case.user: case.taste for case in reversed(cases) if case.taste is not None}
    users = list(told)
    if len(users) < 2:
        return {}
    following = dict(zip(users, [*users[1:], users[0]], strict=True))
    of_anybody = next(iter(users))
    return {case.user: told[following.get(case.user, of_anybody)] or Taste() for case in cases}
