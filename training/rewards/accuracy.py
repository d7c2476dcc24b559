"""Reward what decides: whether the liked candidate of a pair comes out above the other one."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any, Protocol

from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS
from shared.prompting import parser as verdict
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import Candidate, PredictedTaste
from training.rewards.reward import Completion, Reward, Rewards, text_of

TIE = 0.5
"""Two equal totals decide by chance."""


class Judge(Protocol):
    """A model that stands still while another learns; it scores as serving does."""

    def totals(self, asked: Sequence[Candidate]) -> list[float]:
        """0-25 for each candidate against its taste, the expectation over the digits."""
        ...


def accuracy(judge: Judge, weights: ElementWeights = EQUAL_WEIGHTS) -> Reward:
    """Profiles are judged by the pairs they let `judge` rank, scores against the other image's.

    `weights`: how much each element counts in the totals of scores that are written.
    """

    def accuracy(
        completions: Sequence[Completion],
        *,
        task: Sequence[str],
        pair: Sequence[int],
        liked: Sequence[bool],
        candidates: Sequence[Sequence[Image]],
        better: Sequence[Sequence[int]],
        worse: Sequence[Sequence[int]],
        **_: Any,
    ) -> Rewards:
        answers = [text_of(completion) for completion in completions]
        predicts = [row for row, name in enumerate(task) if name == "predict"]
        scores = [row for row, name in enumerate(task) if name != "predict"]
        rewards: Rewards = [None] * len(answers)
        for row, reward in zip(
            predicts,
            ranked_by_profile(
                judge,
                [answers[row] for row in predicts],
                pairs=[_pairs(candidates[row], better[row], worse[row]) for row in predicts],
            ),
            strict=True,
        ):
            rewards[row] = reward
        sides = [(pair[row], task[row], bool(liked[row])) for row in scores]
        won = ranked_by_scores([answers[row] for row in scores], sides=sides, weights=weights)
        for row, reward in zip(scores, won, strict=True):
            rewards[row] = reward
        return rewards

    return accuracy


def ranked_by_profile(
    judge: Judge,
    answers: Sequence[str],
    *,
    pairs: Sequence[Sequence[tuple[Image, Image]]],
) -> Rewards:
    """Of each answer's pairs the share whose liked image its profile lets the judge put first.

    None without a pair. An answer that cannot be read wholly is judged by what could be: format is
    another reward. What is asked alike, by equal answers of a group, the judge is asked once.
    """
    asked: dict[tuple[str, int], Candidate] = {}
    for answer, shown in zip(answers, pairs, strict=True):
        read = verdict.parse_taste(answer)
        taste = taste_by_vote([PredictedTaste(read.likes, read.dislikes)])
        for image in (one for pair in shown for one in pair):
            asked.setdefault((answer, id(image)), Candidate(taste, image))
    totals = dict(zip(asked, judge.totals(list(asked.values())), strict=True))
    rewards: Rewards = []
    for answer, shown in zip(answers, pairs, strict=True):
        won = [_won(totals[answer, id(one)], totals[answer, id(other)]) for one, other in shown]
        rewards.append(fmean(won) if won else None)
    return rewards


def ranked_by_scores(
    answers: Sequence[str],
    *,
    sides: Sequence[tuple[int, str, bool]],
    weights: ElementWeights = EQUAL_WEIGHTS,
) -> Rewards:
    """The share of the other image's answers that each answer's total beats.

    `sides` says of which pair, which task and whether of the liked image an answer is; each image
    was assessed alone, so no order of two images can play a part. Answers of both images are in
    one batch, by the order of the rows. Unreadable answers win nothing, and are nobody's opponent.
    """
    totals = [_total(answer, weights) for answer in answers]
    by_side: dict[tuple[int, str, bool], list[float]] = defaultdict(list)
    for side, total in zip(sides, totals, strict=True):
        if total is not None:
            by_side[side].append(total)
    rewards: Rewards = []
    for (pair, task, liked), total in zip(sides, totals, strict=True):
        others = by_side[pair, task, not liked]
        if total is None:
            rewards.append(0.0)
        elif not others:
            rewards.append(None)
        else:
            won = [_won(total, other) if liked else _won(other, total) for other in others]
            rewards.append(sum(won) / len(won))
    return rewards


def _pairs(
    candidates: Sequence[Image], better: Sequence[int], worse: Sequence[int]
) -> list[tuple[Image, Image]]:
    """Of places among a row's candidates, so that an image that several pairs share is one."""
    return [(candidates[a], candidates[b]) for a, b in zip(better, worse, strict=True)]


def _total(answer: str, weights: ElementWeights) -> float | None:
    read = verdict.parse_scores(answer)
    return weights.total(read.digits) if len(read.digits) == len(ELEMENTS) else None


def _won(better: float, worse: float) -> float:
    return TIE if better == worse else float(better > worse)
