"""Prediction reward: similarity of the predicted profile to the true one, in words and images."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.taste import Element
from shared.prompting.prompt import SideWords
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import COMPACT
from training.rewards.image_similarity import ImageSimilarity, Renderer
from training.rewards.reward import Completion, Reward, Rewards, text_of
from training.rewards.text_similarity import TextSimilarity

CACHED_COMPARISONS: Final = 10_000
"""Compared pairs of sides that are kept: the completions of one prompt often repeat each other."""


@dataclass(frozen=True)
class Sides:
    """Both sides of a profile in words."""

    likes: SideWords
    dislikes: SideWords

    def to_json(self) -> str:
        sides = {"likes": self.likes, "dislikes": self.dislikes}
        return json.dumps(
            {side: {e.value: list(w) for e, w in words.items()} for side, words in sides.items()}
        )

    @staticmethod
    def from_json(text: str) -> "Sides":
        return Sides.read(json.loads(text))

    @staticmethod
    def read(payload: Mapping[str, Mapping[str, Sequence[str]]]) -> "Sides":
        """Raises `ValueError` for an element that is not one of the five."""
        sides = [
            {Element(name): tuple(words) for name, words in payload.get(side, {}).items()}
            for side in ("likes", "dislikes")
        ]
        return Sides(*sides)


@dataclass(frozen=True)
class ImageTerm:
    """The image term of the reward: how profiles become images, and how images are compared."""

    renderer: Renderer
    similarity: ImageSimilarity
    share: float = 0.5
    """Weight of the image term in the reward, 0-1; the text term has the rest, and all of it for a
    side that cannot be drawn."""
    _cache: dict[tuple[Any, ...], float | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    def side(self, predicted: SideWords, true: SideWords) -> float | None:
        """Similarity of one side, 0-1; None when one of both cannot be drawn."""
        key = (_words(predicted), _words(true))
        if key not in self._cache:
            if len(self._cache) >= CACHED_COMPARISONS:
                self._cache.clear()
            self._cache[key] = self._compare(predicted, true)
        return self._cache[key]

    def _compare(self, predicted: SideWords, true: SideWords) -> float | None:
        predicted_image, true_image = self.renderer.render([predicted, true])
        if predicted_image is None or true_image is None:
            return None
        return self.similarity.compare(predicted_image, true_image)


def prediction(
    text: TextSimilarity, images: ImageTerm | None = None, *, style: PromptStyle = COMPACT
) -> Reward:
    """0-1 for predicted profiles whose true profile is known, None for all other completions."""

    def prediction(
        completions: Sequence[Completion], *, task: Sequence[str], truth: Sequence[str], **_: Any
    ) -> Rewards:
        cache: dict[tuple[str, str], float] = {}  # the completions of a group repeat
        rewards: Rewards = []
        for completion, name, true in zip(completions, task, truth, strict=True):
            if name != "predict" or not true:
                rewards.append(None)
                continue
            key = (text_of(completion), true)
            if key not in cache:
                true_sides = Sides.from_json(true)
                cache[key] = profile_similarity(key[0], true_sides, text, images, style=style)
            rewards.append(cache[key])
        return rewards

    return prediction


def profile_similarity(
    answer: str,
    true: Sides,
    text: TextSimilarity,
    images: ImageTerm | None = None,
    *,
    style: PromptStyle = COMPACT,
) -> float:
    """Mean similarity of both sides, 0-1. An element that cannot be read counts as unknown."""
    read = style.parse_taste(answer)
    sides = ((read.preference, true.likes), (read.non_preference, true.dislikes))
    return sum(_side_similarity(*side, text, images) for side in sides) / len(sides)


def _side_similarity(
    predicted: SideWords, true: SideWords, text: TextSimilarity, images: ImageTerm | None
) -> float:
    in_words = text.side(predicted, true)
    in_images = images.side(predicted, true) if images else None
    if images is None or in_images is None:
        # Words outside the renderer's vocabulary: two drawings that are both missing are not alike.
        return in_words
    return (1 - images.share) * in_words + images.share * in_images


def _words(side: SideWords) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(sorted((element.value, tuple(words)) for element, words in side.items()))
