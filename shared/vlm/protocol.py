"""Define the tasks of a vision-language model: predict a taste, describe, score, explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element, Taste


@dataclass(frozen=True)
class References:
    """The images from which one taste is predicted: RGB, any size, most informative first."""

    liked: tuple[Image, ...]
    disliked: tuple[Image, ...]

    @property
    def images(self) -> tuple[Image, ...]:
        """In the order in which a prompt shows them."""
        return (*self.liked, *self.disliked)


@dataclass(frozen=True)
class PredictedTaste:
    """A predicted taste as parsed: words by element for each side, unknown elements empty."""

    preference: Mapping[Element, tuple[str, ...]]
    non_preference: Mapping[Element, tuple[str, ...]]
    problems: tuple[str, ...] = ()
    """Parts of the answer that could not be parsed: counted as format failures, never raised."""
    thoughts: str = ""
    """The chain of thought before the answer, for people to read; it never ranks anything."""


@dataclass(frozen=True)
class Description:
    """The words of one image by element, the same for every user."""

    words: Mapping[Element, tuple[str, ...]]
    problems: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    """What the image shows, where the prompt style asks for it."""


@dataclass(frozen=True)
class ScoringInput:
    """One image to score against one taste."""

    taste: Taste
    image: Image


@dataclass(frozen=True)
class Scores:
    """For each element the model's probabilities of the digits 0-5 (six floats that sum to 1)."""

    digits: Mapping[Element, tuple[float, ...]]
    weights: ElementWeights = EQUAL_WEIGHTS
    """Element weights of the model version that scored."""

    def expected(self, element: Element) -> float:
        """The expectation over the digits, 0-5: finer than the digit itself."""
        return sum(digit * p for digit, p in enumerate(self.digits[element]))

    def mode(self, element: Element) -> int:
        """The most probable digit; the rationale is generated after this digit."""
        probabilities = self.digits[element]
        return max(range(len(probabilities)), key=probabilities.__getitem__)

    @property
    def total(self) -> float:
        """Weighted sum of the expectations, 0-25."""
        return self.weights.total({element: self.expected(element) for element in ELEMENTS})


@dataclass(frozen=True)
class ScoredInput:
    """A candidate and its scores, to be explained."""

    candidate: ScoringInput
    scores: Scores


@dataclass(frozen=True)
class Rationales:
    """A short rationale for each element; an element without a readable one is missing."""

    by_element: Mapping[Element, str]
    problems: tuple[str, ...] = ()


class VisionLanguageModel(Protocol):
    """Works in batches: one call, one result for each input, in the order of the inputs.

    Raises `shared.domain.errors.Unavailable` when the model cannot answer now, and
    `Unprocessable` when it can never answer this input.
    """

    @property
    def model_version(self) -> str:
        """The version of the weights: part of every event, id and cache key."""
        ...

    @property
    def element_weights(self) -> ElementWeights:
        """The weight of each element in this version's totals."""
        ...

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]: ...

    async def describe(self, images: Sequence[Image]) -> list[Description]: ...

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]: ...

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]: ...


@runtime_checkable
class SeesImages(Protocol):
    """A model in this process that also gives what its vision tower sees in images."""

    def seen_in(self, images: Sequence[Image]) -> npt.NDArray[np.float32] | None:
        """One vector an image, (images, d); None where the architecture is not known."""
        ...
