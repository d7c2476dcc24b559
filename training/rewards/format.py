"""Format reward: the layout of the prompt, and rationales that agree with their scores."""

from collections.abc import Sequence
from itertools import zip_longest
from statistics import fmean
from typing import Any, Final

from shared.domain.taste import ELEMENTS
from shared.prompting import parser, prompt, rationale
from training.rewards.reward import Completion, Rewards, text_of

READABLE: Final = 0.5
"""The least reward of a readable answer in another layout. All or nothing would give a
model that is nearly right no signal."""


def format(completions: Sequence[Completion], *, task: Sequence[str], **_: Any) -> Rewards:
    """1 for the exact layout, `READABLE` or more for an answer that can be read, else 0."""
    return [_format(text_of(c), t) for c, t in zip(completions, task, strict=True)]


def _format(answer: str, task: str) -> float:
    return _taste(answer) if task == "predict" else _scores(answer, explained=task == "explain")


def _taste(answer: str) -> float:
    read = parser.parse_taste(answer)
    if read.problems:
        return 0.0
    expected = prompt.taste_lines(read.preference, read.non_preference)
    return READABLE + (1 - READABLE) * _share_of_exact_entries(answer, expected)


def _share_of_exact_entries(answer: str, expected: str) -> float:
    """The share of exact entries, five a line. A malformed entry loses only its own share."""
    entries = (
        [entry for line in text.split("\n") for entry in line.split(";")]
        for text in (answer, expected)
    )
    return fmean(written == exact for written, exact in zip_longest(*entries))


def _scores(answer: str, *, explained: bool) -> float:
    """With rationales, the half above `READABLE` is split among the five that must agree."""
    read = parser.parse_scores(answer)
    if read.problems:
        return 0.0
    rationales = {e: read.rationales.get(e, "") for e in ELEMENTS} if explained else None
    if answer != prompt.score_line(read.digits, rationales):
        return READABLE
    if rationales is None:
        return 1.0
    agreeing = sum(rationale.agrees(rationales[e], read.digits[e]) for e in ELEMENTS)
    return READABLE + (1 - READABLE) * agreeing / len(ELEMENTS)
