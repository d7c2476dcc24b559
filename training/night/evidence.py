"""Gather what the gate judges by: champion and challenger on the same pairs, and the controls."""

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.element_weights import ElementWeights
from shared.taste import ELEMENTS, Taste
from shared.vlm.protocol import Candidate, Scored
from training.gate.evidence import Evidence, Form, Pair, PairSet, as_json
from training.night.asking import Answer, Asked, Model, predict, rank
from training.night.cases import HeardCase, opened
from training.tuning.run_folder import write_whole

PAIRS_AT_ONCE: Final = 16
EXPLAINED_AT_ONCE: Final = 8
DESCRIBED_AT_ONCE: Final = 32
LEAST_FORMS: Final = 200
"""Answers of the challenger whose format is looked at, as the gate wants them."""
Late = Callable[[], bool]
Advance = Callable[[str, int, int], None]
"""What is asked, how much of it is done, and of how much."""


@dataclass(frozen=True)
class Models:
    """Who is held against whom; `release` is None where it is the champion."""

    champion: Model
    challenger: Model
    release: Model | None = None
    champion_version: str = "champion"
    challenger_version: str = "challenger"
    release_version: str = "release"


@dataclass
class Forms:
    """Answers that were written, and those of them that kept the format."""

    answers: int = 0
    well_formed: int = 0

    def add(self, kept: Iterable[bool]) -> None:
        for one in kept:
            self.answers += 1
            self.well_formed += one

    def form(self) -> Form:
        return Form(self.answers, self.well_formed)


@dataclass
class Counted:
    """The format of both models' answers, gathered on the way."""

    champion: Forms = field(default_factory=Forms)
    challenger: Forms = field(default_factory=Forms)


def heard_pairs(
    models: Models, cases: Sequence[HeardCase], *, what: str, late: Late, advance: Advance
) -> PairSet:
    """Pairs that people ordered, assessed against the profile that their slate was scored by.

    Without one (Kafka compacts profiles) each model predicts it from the references. People come
    in an order of chance, the same every night, and in turns: an early end leaves many of them.
    """
    usable = [case for case in in_turns(cases) if case.profile or case.liked or case.disliked]
    others = _somebody_elses(usable)
    rows: list[Pair] = []
    for at in range(0, len(usable), PAIRS_AT_ONCE):
        if late():
            break
        part = usable[at : at + PAIRS_AT_ONCE]
        rows += _heard(models, part, others)
        advance(what, at + len(part), len(usable))
    return PairSet.of(rows)


def _heard(models: Models, cases: Sequence[HeardCase], others: dict[str, Taste]) -> list[Pair]:
    pairs = [case.pair() for case in cases]
    champion = _ranked(models.champion, _tastes(models.champion, cases), pairs)
    challenger = _ranked(models.challenger, _tastes(models.challenger, cases), pairs)
    blind = _ranked(models.challenger, [Taste()] * len(cases), pairs)
    another: list[Answer | None] = [None] * len(cases)
    if others:
        another = list(_ranked(models.challenger, [others[case.user] for case in cases], pairs))
    return [
        Pair(
            user=case.user,
            weight=case.weight,
            champion=a.right,
            challenger=b.right,
            blind=c.right,
            another=d.right if d else None,
            champion_probability=a.probability,
            challenger_probability=b.probability,
        )
        for case, a, b, c, d in zip(cases, champion, challenger, blind, another, strict=True)
    ]


def _tastes(model: Model, cases: Sequence[HeardCase]) -> list[Taste]:
    known = [case.taste for case in cases]
    missing = [n for n, taste in enumerate(known) if taste is None]
    predicted = predict(model, [cases[n].references() for n in missing])
    for number, (taste, _) in zip(missing, predicted, strict=True):
        known[number] = taste
    return [taste or Taste() for taste in known]


def _ranked(model: Model, tastes: Sequence[Taste], pairs: Sequence[tuple]) -> list[Answer]:  # type: ignore[type-arg]
    return rank(model, [Asked(t, *pair) for t, pair in zip(tastes, pairs, strict=True)])


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


def count_reasons(
    models: Models,
    cases: Sequence[HeardCase],
    counted: Counted,
    *,
    most: int,
    late: Late,
    advance: Advance,
) -> None:
    """Whether reasons keep the format, on images that people saw."""
    chosen = [case for case in cases if case.taste is not None]
    random.Random(0).shuffle(chosen)
    chosen = chosen[:most]
    for at in range(0, len(chosen), EXPLAINED_AT_ONCE):
        if late():
            break
        part = chosen[at : at + EXPLAINED_AT_ONCE]
        asked = [Candidate(case.taste or Taste(), case.pair()[0]) for case in part]
        for model, forms in (
            (models.champion, counted.champion),
            (models.challenger, counted.challenger),
        ):
            scores = model.score(asked)
            scored = [Scored(a, s) for a, s in zip(asked, scores, strict=True)]
            forms.add(
                not told.problems and len(told.by_element) == len(ELEMENTS)
                for told in model.explain(scored)
            )
        advance("reasons", at + len(part), len(chosen))


def count_descriptions(models: Models, cases: Sequence[HeardCase], counted: Counted) -> None:
    """Fill up what is still missing of answers to look at: images described cost little."""
    images = list(dict.fromkeys(file for case in cases for file in (case.better, case.worse)))
    random.Random(1).shuffle(images)
    for at in range(0, len(images), DESCRIBED_AT_ONCE):
        if counted.challenger.answers >= LEAST_FORMS:
            break
        part = [opened(file) for file in images[at : at + DESCRIBED_AT_ONCE]]
        for model, forms in (
            (models.champion, counted.champion),
            (models.challenger, counted.challenger),
        ):
            forms.add(not told.problems for told in model.describe(part))


def write_evidence(
    file: Path,
    *,
    champion: str,
    challenger: str,
    held_out: PairSet,
    later: PairSet,
    benchmark: Mapping[str, PairSet],
    order: PairSet,
    counted: Counted,
    element_weights: Mapping[str, ElementWeights],
) -> None:
    """In one step, as the gate reads it."""
    evidence = Evidence(
        champion=champion,
        challenger=challenger,
        held_out_users=held_out,
        later_days=later,
        benchmark=benchmark,
        order=order,
        champion_form=counted.champion.form(),
        challenger_form=counted.challenger.form(),
        element_weights=element_weights,
    )
    write_whole(file, json.dumps(as_json(evidence)))
