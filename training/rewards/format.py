"""Reward answers that serving can read: in the one layout, with reasons that fit their scores."""

from collections.abc import Sequence
from itertools import zip_longest
from statistics import fmean
from typing import Any, Final

from shared.domain.taste import ELEMENTS
from shared.prompting import parser as verdict
from shared.prompting import prompt
from shared.prompting import rationale as reason
from training.rewards.reward import Completion, Rewards, text_of

READABLE: Final = 0.5
"""The least that an answer earns that can be read but is not in our layout: a slope to climb, where
all or nothing would leave a model that is nearly there without a signal."""


def format(completions: Sequence[Completion], *, task: Sequence[str], **_: Any) -> Rewards:
    """1 for an answer exactly as asked, `READABLE` or more for one that can be read, else 0."""
    return [_format(text_of(c), t) for c, t in zip(completions, task, strict=True)]


def _format(answer: str, task: str) -> float:
    return _taste(answer) if task == "predict" else _scores(answer, reasoned=task == "explain")


def _taste(answer: str) -> float:
    read = verdict.parse_taste(answer)
    if read.problems:
        return 0.0
    asked = prompt.taste_lines(read.likes, read.dislikes)
    return READABLE + (1 - READABLE) * _as_asked(answer, asked)


def _as_asked(answer: str, asked: str) -> float:
    """The share of entries, five a line, that are as they should be: one slip costs one entry."""
    entries = (
        [entry for line in text.split("\n") for entry in line.split(";")]
        for text in (answer, asked)
    )
    return fmean(one == other for one, other in zip_longest(*entries))


def _scores(answer: str, *, reasoned: bool) -> float:
    """With reasons, the half beyond readable is shared among the five that must agree."""
    read = verdict.parse_scores(answer)
    if read.problems:
        return 0.0
    reasons = {e: read.rationales.get(e, "") for e in ELEMENTS} if reasoned else None
    if answer != prompt.score_line(read.digits, reasons):
        return READABLE
    if reasons is None:
        return 1.0
    agreeing = sum(reason.agrees(reasons[e], read.digits[e]) for e in ELEMENTS)
    return READABLE + (1 - READABLE) * agreeing / len(ELEMENTS)
