"""Format reward: the layout of the prompt style, and rationales that agree with their scores."""

from collections.abc import Sequence
from typing import Any, Final

from shared.prompting.styles.protocol import PromptStyle
from training.rewards.reward import Completion, Reward, Rewards, text_of

READABLE: Final = 0.5
"""The least reward of a readable answer in another layout. All or nothing would give a
model that is nearly right no signal."""


def format_reward(style: PromptStyle) -> Reward:
    """1 for the exact layout, `READABLE` or more for an answer that can be read, else 0."""

    def format(completions: Sequence[Completion], *, task: Sequence[str], **_: Any) -> Rewards:
        return [_format(text_of(c), t, style) for c, t in zip(completions, task, strict=True)]

    return format


def _format(answer: str, task: str, style: PromptStyle) -> float:
    if task == "predict":
        if style.parse_taste(answer).problems:
            return 0.0
        share = style.taste_layout(answer)
    else:
        if style.parse_digits(answer).problems:
            return 0.0
        share = style.score_layout(answer, explained=task == "explain")
    return READABLE + (1 - READABLE) * share
