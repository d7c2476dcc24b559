"""What a person likes and does not, in words, on the five visual elements."""

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
    def spoken(self) -> str:
        """The element as prompts and people say it: `art style`."""
        return self.value.replace("_", " ")


ELEMENTS = tuple(Element)
MAX_WORDS = 8
"""Words kept for one element of one side; the prompt shows fewer (`shared.prompting.prompt`)."""


class Value(BaseModel):
    """A frozen value that crosses a process boundary; unknown fields are ignored on the way in."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, use_attribute_docstrings=True
    )


class WeightedWord(Value):
    """A word for one element, with how strongly it holds and how often it was predicted."""

    word: str = Field(min_length=1, max_length=64)
    weight: float = Field(ge=0, le=1)
    """Share of this side's voices that name the word, 0-1; a statement has more than a click. Of a
    word that is liked or disliked only since the taste changed, its probability."""
    count: int = Field(default=0, ge=0)
    """Predictions, each from up to five references a side, that name the word. 0 since a change."""


Words = tuple[WeightedWord, ...]


class TasteSide(Value):
    """One side of a taste: weighted words for each element, strongest first; empty is unknown."""

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

    @property
    def is_unknown(self) -> bool:
        return not any(self[element] for element in ELEMENTS)


class Taste(Value):
    """A preference profile and a non-preference profile (arXiv 2511.00609, section 3)."""

    preference: TasteSide = TasteSide()
    non_preference: TasteSide = TasteSide()

    @property
    def is_unknown(self) -> bool:
        return self.preference.is_unknown and self.non_preference.is_unknown
