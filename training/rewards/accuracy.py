"""Accuracy reward: does the liked candidate of a pair get the higher total?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import COMPACT
from shared.vlm.protocol import PredictedTaste, Scores, ScoringInput
from training.evaluation.pairing import win
from training.rewards.reward import Completion, Reward, Rewards, text_of
from training.statistics.score_comparison import probability_higher

AccuracyKind = Literal["share", "probability"]
"""How one pair counts: 1, a half (tie) or 0 as the totals are ordered, or the probability that the
liked image has the higher total when digits are drawn from the model."""


class RewardModel(Protocol):
    """A frozen model that scores candidates exactly as serving does."""

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        """The digits of each candidate against its profile, with the element weights to use."""
        ...


@dataclass(frozen=True)
class JudgingPair:
    """One pair of images that judges a predicted profile, the liked image first."""

    better: Image
    worse: Image
    weight: float = 1.0


def accuracy(
    reward_model: RewardModel,
    weights: ElementWeights = EQUAL_WEIGHTS,
    *,
    style: PromptStyle = COMPACT,
    kind: AccuracyKind = "share",
) -> Reward:
    """Reward answers that rank pairs correctly (arXiv 2511.00609, accuracy reward).

    A predicted profile gets the weighted share of its pairs that `reward_model` ranks correctly
    with it, or the weighted mean of their probabilities (`kind`). Scores get the share of the
    answers for the pair's other image that they beat. `weights` are the element weights of these
    totals. Answers are parsed as those of `style`.
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
        pair_weights: Sequence[Sequence[float]] = (),
        **_: Any,
    ) -> Rewards:
        answers = [text_of(completion) for completion in completions]
        all_weights = pair_weights or [[1.0] * len(row) for row in better]
        predicts = [row for row, name in enumerate(task) if name == "predict"]
        scores = [row for row, name in enumerate(task) if name != "predict"]
        rewards: Rewards = [None] * len(answers)
        for row, reward in zip(
            predicts,
            ranked_by_profile(
                reward_model,
                [answers[row] for row in predicts],
                pairs=[
                    _pairs(candidates[row], better[row], worse[row], all_weights[row])
                    for row in predicts
                ],
                style=style,
                kind=kind,
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
    pairs: Sequence[Sequence[JudgingPair]],
    style: PromptStyle = COMPACT,
    kind: AccuracyKind = "share",
) -> Rewards:
    """For each answer, the weighted mean over its pairs of how its profile ranks the pair, 0-1.

    None without a pair of positive weight. An answer that can be read only in part counts with that
    part: the format has its own reward. Equal profiles of one prompt are scored once.
    """
    tastes = []
    for answer in answers:
        read = style.parse_taste(answer)
        tastes.append(taste_by_vote([PredictedTaste(read.preference, read.non_preference)]))
    candidates: dict[tuple[Any, int], ScoringInput] = {}
    for taste, shown in zip(tastes, pairs, strict=True):
        for image in (image for pair in shown for image in (pair.better, pair.worse)):
            candidates.setdefault((taste, id(image)), ScoringInput(taste, image))
    scores = dict(zip(candidates, reward_model.score(list(candidates.values())), strict=True))
    ranked: dict[tuple[Any, int, int], float] = {}
    rewards: Rewards = []
    for taste, shown in zip(tastes, pairs, strict=True):
        total = sum(pair.weight for pair in shown)
        reward = 0.0
        for pair in shown:
            key = (taste, id(pair.better), id(pair.worse))
            if key not in ranked:
                ranked[key] = _ranked(scores[key[0], key[1]], scores[key[0], key[2]], kind)
            reward += pair.weight * ranked[key]
        rewards.append(reward / total if total > 0 else None)
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


def _ranked(better: Scores, worse: Scores, kind: AccuracyKind) -> float:
    if kind == "probability":
        return probability_higher(better, worse)
    return win(better.total, worse.total)


def _pairs(
    candidates: Sequence[Image],
    better: Sequence[int],
    worse: Sequence[int],
    weights: Sequence[float],
) -> list[JudgingPair]:
    """Pairs of images from indices into a row's candidates; pairs can share an image."""
    return [
        JudgingPair(candidates[a], candidates[b], weight)
        for a, b, weight in zip(better, worse, weights, strict=True)
    ]


def _total(answer: str, weights: ElementWeights, style: PromptStyle) -> float | None:
    digits = style.parse_digits(answer).by_element
    return weights.total(digits) if len(digits) == len(ELEMENTS) else None
