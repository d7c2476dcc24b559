"""Draw a profile with PreferSim, so that profiles can be compared as images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prompt import SideWords
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import SIZES, VALUES, words_of
from training.rewards.text_similarity import SentenceEncoder

SCENE_SEED: Final = 20_711
"""All profiles are drawn on one scene with one random state: only the profile differs."""
CACHED_DRAWINGS: Final = 512
"""The completions of a batch share their true profiles and most of their predictions."""
MIN_COSINE: Final = 0.6
"""From this cosine on, an unknown word is drawn as its nearest value; below, it is not drawn."""


@dataclass(frozen=True)
class DrawnProfiles:
    """A renderer of profiles. A word outside the vocabulary is drawn as its nearest value."""

    encoder: SentenceEncoder
    vocabulary: Mapping[Element, Sequence[str]] = field(default_factory=lambda: VALUES)

    def render(self, sides: Sequence[SideWords]) -> list[Image | None]:
        """One drawing a side; None for a side without words, or with a word that is near no value.

        If an element has several words, the first one in the vocabulary is drawn.
        """
        return [self._draw(side) for side in sides]

    def _draw(self, side: SideWords) -> Image | None:
        if not any(side.get(element) for element in ELEMENTS):
            return None
        values = [self._value(element, side.get(element, ())) for element in ELEMENTS]
        if any(value is None for value in values):
            return None
        return _drawn(tuple(value for value in values if value is not None))

    def _value(self, element: Element, words: Sequence[str]) -> int | None:
        if not words:
            return len(self.vocabulary[element]) // 2  # unknown: the middle of the list
        places = [self._place(element, word) for word in words]
        known = [place for place in places if place is not None]
        return min(known) if len(known) == len(places) else None

    def _place(self, element: Element, word: str) -> int | None:
        listed = list(self.vocabulary[element])
        if word in listed:
            return listed.index(word)
        cosines = (self.encoder.encode([word]) @ self.encoder.encode(listed).T)[0]
        nearest = int(cosines.argmax())
        return nearest if cosines[nearest] >= MIN_COSINE else None


@lru_cache(maxsize=CACHED_DRAWINGS)
def _drawn(values: tuple[int, ...]) -> Image:
    rng = np.random.default_rng(SCENE_SEED)
    return as_image(render(draw_scenes(rng, 1), np.array([values], np.int64), rng)[0])


def unlike_profiles(count: int, *, seed: int = 0) -> list[tuple[SideWords, SideWords]]:
    """Pairs of profiles that share no word."""
    rng = np.random.default_rng(seed)
    drawn = (np.stack([rng.permutation(size)[:2] for size in SIZES], axis=1) for _ in iter(int, 1))
    return [
        ({e: (w,) for e, w in words_of(a).items()}, {e: (w,) for e, w in words_of(b).items()})
        for a, b in islice(drawn, count)
    ]
