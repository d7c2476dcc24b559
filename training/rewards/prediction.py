"""Reward a predicted profile by its likeness to the true one, in words and in images."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.taste import Element
from shared.prompting import parser as verdict
from shared.prompting.prompt import SideWords
from training.rewards.image_similarity import ImageSimilarity, Renderer
from training.rewards.reward import Completion, Reward, Rewards, text_of
from training.rewards.text_similarity import TextSimilarity

REMEMBERED: Final = 10_000
"""Pairs of sides whose drawings were compared: the answers to one question repeat each other's."""


@dataclass(frozen=True)
class Sides:
    """Both profiles in words."""

    likes: SideWords
    dislikes: SideWords

    def to_json(self) -> str:
        told = {"likes": self.likes, "dislikes": self.dislikes}
        return json.dumps(
            {side: {e.value: list(w) for e, w in words.items()} for side, words in told.items()}
        )

    @staticmethod
    def from_json(text: str) -> "Sides":
        return Sides.read(json.loads(text))

    @staticmethod
    def read(told: Mapping[str, Mapping[str, Sequence[str]]]) -> "Sides":
        """Raises `ValueError` at an element that is not one of the five."""
        sides = [
            {Element(name): tuple(words) for name, words in told.get(side, {}).items()}
            for side in ("likes", "dislikes")
        ]
        return Sides(*sides)


@dataclass(frozen=True)
class Pictured:
    """How profiles become images, and how those are compared."""

    renderer: Renderer
    similarity: ImageSimilarity
    share: float = 0.5
    """Of the image term in the reward, 0-1; the rest is the text term's."""
    _known: dict[tuple[Any, ...], float] = field(default_factory=dict, repr=False, compare=False)

    def side(self, predicted: SideWords, true: SideWords) -> float:
        """0 for a profile that cannot be drawn."""
        asked = (_words(predicted), _words(true))
        if asked not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[asked] = self._compare(predicted, true)
        return self._known[asked]

    def _compare(self, predicted: SideWords, true: SideWords) -> float:
        one, other = self.renderer.render([predicted, true])
        if one is None or other is None:
            return float(one is other)
        return self.similarity.compare(one, other)


def prediction(text: TextSimilarity, pictured: Pictured | None = None) -> Reward:
    """0-1 for completions that predict a profile whose truth is known, None for all others."""

    def prediction(
        completions: Sequence[Completion], *, task: Sequence[str], truth: Sequence[str], **_: Any
    ) -> Rewards:
        known: dict[tuple[str, str], float] = {}  # a group repeats its answers
        rewards: Rewards = []
        for completion, name, true in zip(completions, task, truth, strict=True):
            if name != "predict" or not true:
                rewards.append(None)
                continue
            asked = (text_of(completion), true)
            if asked not in known:
                known[asked] = likeness(asked[0], Sides.from_json(true), text, pictured)
            rewards.append(known[asked])
        return rewards

    return prediction


def likeness(
    answer: str, true: Sides, text: TextSimilarity, pictured: Pictured | None = None
) -> float:
    """The mean of both sides; what could not be read is unknown, and so unlike what is known."""
    read = verdict.parse_taste(answer)
    sides = ((read.likes, true.likes), (read.dislikes, true.dislikes))
    in_words = sum(text.side(*side) for side in sides) / len(sides)
    if pictured is None:
        return in_words
    in_images = sum(pictured.side(*side) for side in sides) / len(sides)
    return (1 - pictured.share) * in_words + pictured.share * in_images


def _words(side: SideWords) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(sorted((element.value, tuple(words)) for element, words in side.items()))
