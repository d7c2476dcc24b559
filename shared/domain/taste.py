"""A taste: preference and non-preference in words, for each of the five visual elements."""

from collections.abc import Iterator
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Element(StrEnum):
    """The five visual elements of PreferThinker (arXiv 2511.00609, section 3), in prompt order."""

    ART_STYLE = "art_style"
    COLOR = "color"
    MEDIUM = "medium"
    SATURATION = "saturation"
    DETAIL = "detail"

    @property
    def label(self) -> str:
        """The element's name in prompts and on pages: `art style`."""
        return self.value.replace("_", " ")


ELEMENTS = tuple(Element)
MAX_WORDS = 8
"""Words kept for one element of one side; a prompt shows fewer (`shared.prompting.prompt`)."""


class Value(BaseModel):
    """A frozen value that crosses a process boundary; unknown input fields are ignored."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, use_attribute_docstrings=True
    )


class WeightedWord(Value):
    """A word of one element, with its weight and the number of predictions that name it."""

    word: str = Field(min_length=1, max_length=64)
    weight: float = Field(ge=0, le=1)
    """Share of this side's vote weight that names the word, 0-1; explicit feedback weighs more than
    a click. After a detected drift it is the word's probability."""
    count: int = Field(default=0, ge=0)
    """Number of predictions that name the word, each from up to five references per side. 0 after a
    detected drift."""


Words = tuple[WeightedWord, ...]


class TasteSide(Value):
    """One side of a taste: weighted words per element, strongest first; empty means unknown."""

    art_style: Words = Field(default=(), max_length=MAX_WORDS)
    color: Words = Field(default=(), max_length=MAX_WORDS)
    medium: Words = Field(default=(), max_length=MAX_WORDS)
    saturation: Words = Field(default=(), max_length=MAX_WORDS)
    detail: Words = Field(default=(), max_length=MAX_WORDS)

    def __getitem__(self, element: Element) -> Words:
        words: Words = getattr(self, element.value)
        return words

    def items(self) -> Iterator[tuple[Element, Words]]:
        return ((element, self[element]) for element in ELEMENTS)


class Taste(Value):
    """A preference profile and a non-preference profile (arXiv 2511.00609, section 3)."""

    preference: TasteSide = TasteSide()
    non_preference: TasteSide = TasteSide()
