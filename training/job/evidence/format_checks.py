"""Count how many answers of champion and challenger keep the format."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.domain.taste import ELEMENTS, Taste
from shared.vlm.protocol import Rationales, ScoredInput, ScoringInput
from training.evaluation.scoring import batches
from training.gate.evidence import FormatCount
from training.job.evidence.models import ComparedModels
from training.job.scoring.deadline import Advance, IsLate
from training.job.scoring.feedback_cases import FeedbackCase, open_image

RATIONALE_BATCH: Final = 8
DESCRIPTION_BATCH: Final = 32
MIN_ANSWERS: Final = 200
"""Answers of the challenger whose format the gate wants checked."""
MOST_PROBLEMS: Final = 5
"""The most frequent problems that the gate's report can name."""


@dataclass
class FormatCounter:
    """Checked answers of one model, and how many of them keep the format."""

    answers: int = 0
    well_formed: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    """Answers by kind and first problem, such as `a profile: no word for color in the likes`."""

    def add(self, kind: str, problems: Iterable[Sequence[str]]) -> None:
        """Count answers of one kind by what is wrong with each; an empty sequence is well formed.

        `kind` has its article, such as `a profile`.
        """
        for of_answer in problems:
            self.answers += 1
            if of_answer:
                self.problems[f"{kind}: {of_answer[0]}"] += 1
            else:
                self.well_formed += 1

    def count(self) -> FormatCount:
        return FormatCount(
            self.answers, self.well_formed, dict(self.problems.most_common(MOST_PROBLEMS))
        )


@dataclass
class FormatCounters:
    """Counters of both models; each part of the evidence adds its answers."""

    champion: FormatCounter = field(default_factory=FormatCounter)
    challenger: FormatCounter = field(default_factory=FormatCounter)


def count_rationales(
    models: ComparedModels,
    cases: Sequence[FeedbackCase],
    formats: FormatCounters,
    *,
    most: int,
    is_late: IsLate,
    advance: Advance,
) -> None:
    """Check the format of rationales for at most `most` images of feedback pairs."""
    chosen = [case for case in cases if case.taste is not None]
    random.Random(0).shuffle(chosen)
    chosen = chosen[:most]
    done = 0
    for batch in batches(chosen, RATIONALE_BATCH):
        if is_late():
            break
        candidates = [ScoringInput(case.taste or Taste(), case.pair()[0]) for case in batch]
        for model, counter in (
            (models.champion, formats.champion),
            (models.challenger, formats.challenger),
        ):
            scores = model.score(candidates)
            scored = [ScoredInput(c, s) for c, s in zip(candidates, scores, strict=True)]
            counter.add("a rationale", map(_rationale_problems, model.explain(scored)))
        done += len(batch)
        advance("rationales", done, len(chosen))


def count_descriptions(
    models: ComparedModels, cases: Sequence[FeedbackCase], formats: FormatCounters
) -> None:
    """Check the format of descriptions, which cost little, until the gate has enough answers."""
    images = list(dict.fromkeys(file for case in cases for file in (case.better, case.worse)))
    random.Random(1).shuffle(images)
    for batch in batches(images, DESCRIPTION_BATCH):
        if formats.challenger.answers >= MIN_ANSWERS:
            break
        opened = [open_image(file) for file in batch]
        for model, counter in (
            (models.champion, formats.champion),
            (models.challenger, formats.challenger),
        ):
            counter.add("a description", [answer.problems for answer in model.describe(opened)])


def _rationale_problems(answer: Rationales) -> Sequence[str]:
    missing = [element.label for element in ELEMENTS if element not in answer.by_element]
    return answer.problems or [f"no rationale for {label}" for label in missing]
