"""Accuracy reward: does the liked candidate of a pair get the higher total?"""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any, Protocol

from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import COMPACT
from shared.vlm.protocol import PredictedTaste, ScoringInput
from training.evaluation.pairing import win
from training.rewards.reward import Completion, Reward, Rewards, text_of


class RewardModel(Protocol):
    """A frozen model that scores candidates exactly as serving does."""

    def totals(self, candidates: Sequence[ScoringInput]) -> list[float]:
        """The expected total (0-25) of each candidate against its profile."""
        ...


def accuracy(
    reward_model: RewardModel,
    weights: ElementWeights = EQUAL_WEIGHTS,
    *,
    style: PromptStyle = COMPACT,
) -> Reward:
    """Reward answers that rank pairs correctly (arXiv 2511.00609, accuracy reward).

    A predicted profile gets the share of its pairs that `reward_model` ranks correctly with it.
    Scores get the share of the answers for the pair's other image that they beat. `weights` are the
    element weights of these totals. Answers are parsed as those of `style`.
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
                reward_model,
                [answers[row] for row in predicts],
                pairs=[_pairs(candidates[row], better[row], worse[row]) for row in predicts],
                style=style,
            ),
            strict=True,
        ):
            rewards[row] = reward
        sides = [(pair[row], task[row], bool(liked[row])) for row in scores]
        assessed = [answers[row] for row in scores]
        wins = ranked_by_scores(assessed, sides=sides, weights=weights, style=style)
        for row, reward in zip(scores, wins, strict=True):
            rewards[row] = reward
        return rewards

    return accuracy


def ranked_by_profile(
    reward_model: RewardModel,
    answers: Sequence[str],
    *,
    pairs: Sequence[Sequence[tuple[Image, Image]]],
    style: PromptStyle = COMPACT,
) -> Rewards:
    """For each answer, the share of its pairs in which its profile puts the liked image first.

    None without a pair. An answer that can be read only in part counts with that part: the format
    has its own reward. Equal answers of a group are scored once.
    """
    candidates: dict[tuple[str, int], ScoringInput] = {}
    for answer, shown in zip(answers, pairs, strict=True):
        read = style.parse_taste(answer)
        taste = taste_by_vote([PredictedTaste(read.preference, read.non_preference)])
        for image in (image for pair in shown for image in pair):
            candidates.setdefault((answer, id(image)), ScoringInput(taste, image))
    totals = dict(zip(candidates, reward_model.totals(list(candidates.values())), strict=True))
    rewards: Rewards = []
    for answer, shown in zip(answers, pairs, strict=True):
        wins = [
            win(totals[answer, id(better)], totals[answer, id(worse)]) for better, worse in shown
        ]
        rewards.append(fmean(wins) if wins else None)
    return rewards


def ranked_by_scores(
    answers: Sequence[str],
    *,
    sides: Sequence[tuple[int, str, bool]],
    weights: ElementWeights = EQUAL_WEIGHTS,
    style: PromptStyle = COMPACT,
) -> Rewards:
    """For each answer, the share of the other image's answers that its total beats.

    `sides` gives the pair, the task and whether the answer is about the liked image. Each image is
    assessed alone, so the order of two images has no effect. One batch holds the answers of both
    images, by the order of the rows. An unreadable answer wins nothing, and no answer is
    compared with it.
    """
    totals = [_total(answer, weights, style) for answer in answers]
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
            wins = [win(total, other) if liked else win(other, total) for other in others]
            rewards.append(sum(wins) / len(wins))
    return rewards


def _pairs(
    candidates: Sequence[Image], better: Sequence[int], worse: Sequence[int]
) -> list[tuple[Image, Image]]:
    """Pairs of images from indices into a row's candidates; pairs can share an image."""
    return [(candidates[a], candidates[b]) for a, b in zip(better, worse, strict=True)]


def _total(answer: str, weights: ElementWeights, style: PromptStyle) -> float | None:
    digits = style.parse_digits(answer).by_element
    return weights.total(digits) if len(digits) == len(ELEMENTS) else None
