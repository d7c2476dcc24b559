"""Say who is compared, count answers that keep their format, and write what the gate judges by."""

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Taste
from shared.files.atomic_write import atomic_write
from shared.vlm.protocol import Candidate, ScoredCandidate
from training.gate.evidence import Evidence, Form, PairSet, as_json
from training.job.evidence.cases import HeardCase, opened
from training.job.evidence.pair_scoring import Model

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
            scored = [ScoredCandidate(a, s) for a, s in zip(asked, scores, strict=True)]
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
    atomic_write(file, json.dumps(as_json(evidence)))
