"""The type of a reward: it maps completions and their columns to one number or None each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Completion = str | Sequence[dict[str, Any]]
"""A completion as TRL passes it: plain text, or messages in the layout of chat templates."""
Advantages = Literal["grpo", "gdpo", "rloo"]
"""How rewards become advantages (`training.finetuning.grpo.advantages`)."""
Rewards = list[float | None]
"""0-1 each; None where the reward does not apply. TRL leaves None out of the sum."""


Reward = Callable[..., Rewards]
"""TRL's signature `(completions, **columns)`: every column of the data set is a list argument."""


@dataclass(frozen=True)
class Weights:
    """Weights of the rewards; the defaults are the paper's (arXiv 2511.00609, rewards)."""

    prediction: float = 0.7
    format: float = 0.3
    accuracy: float = 1.0

    def as_list(self) -> list[float]:
        """The weights in the order in which the trainer gets the rewards."""
        return [self.prediction, self.format, self.accuracy]


def text_of(completion: Completion) -> str:
    """The text of a completion, without the layout around it."""
    if isinstance(completion, str):
        return completion
    parts = [message["content"] for message in completion]
    return "".join(_text(part) for part in parts).strip()


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content)
