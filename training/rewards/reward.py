"""What a reward is: completions and the columns of their rows in, one number or None each out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Completion = str | Sequence[dict[str, Any]]
"""As TRL hands it over: plain text, or messages in the layout of chat templates."""
Rewards = list[float | None]
"""0-1 each; None where this reward does not apply, which TRL leaves out of the sum."""


Reward = Callable[..., Rewards]
"""TRL's shape, `(completions, **columns)`: every column of the data set reaches it as a list."""


@dataclass(frozen=True)
class Weights:
    """How much each reward counts; the defaults are the paper's (arXiv 2511.00609, on rewards)."""

    prediction: float = 0.7
    format: float = 0.3
    accuracy: float = 1.0

    def as_list(self) -> list[float]:
        """In the order in which the trainer is given the rewards."""
        return [self.prediction, self.format, self.accuracy]


def text_of(completion: Completion) -> str:
    """The text that was written, without the layout around it."""
    if isinstance(completion, str):
        return completion
    parts = [message["content"] for message in completion]
    return "".join(_text(part) for part in parts).strip()


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content)
