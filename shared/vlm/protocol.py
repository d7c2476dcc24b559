"""What a vision-language model does for us: predict a taste, describe, score, explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from PIL.Image import Image

from shared.domain.element_weights import EQUAL, ElementWeights
from shared.domain.taste import ELEMENTS, Element, Taste


@dataclass(frozen=True)
class References:
    """The images that one taste is predicted from: RGB, any size, most telling first."""

    liked: tuple[Image, ...]
    disliked: tuple[Image, ...]

    @property
    def images(self) -> tuple[Image, ...]:
        """In the order in which a prompt shows them."""
        return (*self.liked, *self.disliked)


@dataclass(frozen=True)
class PredictedTaste:
    """One prediction as read: words by element for each side, unknown elements empty."""

    likes: Mapping[Element, tuple[str, ...]]
    dislikes: Mapping[Element, tuple[str, ...]]
    problems: tuple[str, ...] = ()
    """What in the answer could not be read; a counted format failure, never a crash."""


@dataclass(frozen=True)
class Description:
    """One image in words, whoever looks at it."""

    words: Mapping[Element, tuple[str, ...]]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """One image to hold against one taste."""

    taste: Taste
    image: Image


@dataclass(frozen=True)
class Scores:
    """For each element the model's probabilities of the digits 0-5 (six floats that sum to 1)."""

    digits: Mapping[Element, tuple[float, ...]]
    weights: ElementWeights = EQUAL
    """How much each element counts to the version that scored."""

    def expected(self, element: Element) -> float:
        """The expectation over the digits, 0-5: finer than the digit itself."""
        return sum(digit * p for digit, p in enumerate(self.digits[element]))

    def mode(self, element: Element) -> int:
        """The most probable digit, which an explanation is forced to agree with."""
        probabilities = self.digits[element]
        return max(range(len(probabilities)), key=probabilities.__getitem__)

    @property
    def total(self) -> float:
        """0-25."""
        return self.weights.total({element: self.expected(element) for element in ELEMENTS})


@dataclass(frozen=True)
class ScoredCandidate:
    """A candidate with its scores, to be explained."""

    candidate: Candidate
    scores: Scores


@dataclass(frozen=True)
class Reasons:
    """A short reason for each element; elements whose reason could not be read are left out."""

    by_element: Mapping[Element, str]
    problems: tuple[str, ...] = field(default=())


class VisionLanguageModel(Protocol):
    """Batched: one call, many answers, in the order asked.

    Raises `shared.domain.errors.Unavailable` when the model does not answer now, and `Unprocessable` when
    it can never answer this.
    """

    @property
    def model_version(self) -> str:
        """Which weights answer: part of every event, id and cache key."""
        ...

    @property
    def element_weights(self) -> ElementWeights:
        """How much each element counts in this version's totals."""
        ...

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]: ...

    async def describe(self, images: Sequence[Image]) -> list[Description]: ...

    async def score(self, candidates: Sequence[Candidate]) -> list[Scores]: ...

    async def explain(self, scored: Sequence[ScoredCandidate]) -> list[Rationales]: ...
