"""Apply a user's corrections (pin, veto, edit) to the taste that a model predicted."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from shared.domain.subjects.element import ProfileElement
from shared.domain.taste import (
    ELEMENTS,
    MAX_WORDS,
    Element,
    Taste,
    TasteSide,
    Value,
    WeightedWord,
    Words,
)
from shared.domain.word_forms import canonical

SideName = Literal["preference", "non_preference"]
SIDES: Final[tuple[SideName, SideName]] = ("preference", "non_preference")
MAX_VETOES: Final = 64
"""Vetoed words kept for one element of one side: more than any model has for it. The oldest veto is
dropped first."""

Word = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[^;:,./()\x00-\x1f\x7f]*[^;:,./()\x00-\x20\x7f]$"),
    AfterValidator(lambda word: " ".join(word.split())),
]
"""One or a few words, as prompts print them. The prompts' own punctuation is not allowed, because
it would end the word early."""


class CorrectedWord(Value):
    """A word that a user has put into their own profile."""

    word: Word
    weight: float = Field(default=1.0, ge=0, le=1)
    """Strength of the word, 0-1; prompts show the two words with the highest weight."""


class Correction(Value):
    """All corrections of one element on one side of a profile."""

    side: SideName
    element: ProfileElement
    """One of the five elements of the look, or `subject`: what images show."""
    edited: Annotated[
        tuple[CorrectedWord, ...] | None,
        Field(max_length=MAX_WORDS, exclude_if=lambda words: words is None),
    ] = None
    """Words that replace the predicted ones; an empty list makes the element unknown."""
    pinned: Annotated[tuple[Word, ...], Field(max_length=MAX_WORDS)] = ()
    """Words that rank first, whatever the model predicts; the latest first."""
    vetoed: Annotated[tuple[Word, ...], Field(max_length=MAX_VETOES)] = ()
    """Words that are left out, whatever the model predicts; the latest last."""

    @property
    def is_empty(self) -> bool:
        return self.edited is None and not self.pinned and not self.vetoed

    @property
    def stated(self) -> frozenset[str]:
        """The words that the user pinned or wrote on this side, in their canonical form."""
        edited = (entry.word for entry in self.edited or ())
        return frozenset(canonical(word) for word in (*self.pinned, *edited))


def apply_corrections(taste: Taste, corrections: Iterable[Correction]) -> Taste:
    """The taste with the corrections; an element without a correction stays as predicted.

    Corrections of the subject are no part of a taste: `shared.domain.subjects.corrections`.
    """
    by_place = {(correction.side, correction.element): correction for correction in corrections}
    if not by_place:
        return taste
    preference, non_preference = (
        TasteSide.model_validate(
            {
                element.value: _corrected_words(
                    getattr(taste, side)[element],
                    by_place.get((side, element)),
                    other_side=by_place.get((other, element)),
                )
                for element in ELEMENTS
            }
        )
        for side, other in zip(SIDES, reversed(SIDES), strict=True)
    )
    return Taste(preference=preference, non_preference=non_preference)


def _corrected_words(
    predicted: Words, correction: Correction | None, *, other_side: Correction | None
) -> Words:
    """The words of one element and side, without those that the user put on the other side."""
    counts = {canonical(word.word): word.count for word in predicted}
    own = correction or Correction(side="preference", element=Element.COLOR)
    base = predicted
    if own.edited is not None:
        base = tuple(_weighted(entry.word, entry.weight, counts) for entry in own.edited)
    pinned = tuple(_weighted(word, 1.0, counts) for word in own.pinned)
    removed = {canonical(word) for word in (*own.pinned, *own.vetoed)}
    removed |= (other_side.stated if other_side else frozenset()) - own.stated
    kept = [word for word in base if canonical(word.word) not in removed]
    # The sort is stable: pinned words come before edited words of equal weight.
    ranked = sorted((*pinned, *kept), key=lambda word: -word.weight)
    return tuple(ranked[:MAX_WORDS])


def _weighted(word: str, weight: float, counts: dict[str, int]) -> WeightedWord:
    return WeightedWord(word=word, weight=weight, count=counts.get(canonical(word), 0))
