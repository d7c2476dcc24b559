"""What a person says of their own taste, and how it outranks what a model predicts."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

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

SideName = Literal["preference", "non_preference"]
SIDES: Final[tuple[SideName, SideName]] = ("preference", "non_preference")
MOST_VETOES: Final = 64
"""Words vetoed for one element of one side; more than any model has for it. The oldest goes."""

Word = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[^;:,./()\x00-\x1f\x7f]*[^;:,./()\x00-\x20\x7f]$"),
    AfterValidator(lambda word: " ".join(word.split())),
]
"""A word or a few, as prompts name them: their own punctuation would end the word early."""


class CorrectedWord(Value):
    """A word that a person has written into their taste."""

    word: Word
    weight: float = Field(default=1.0, ge=0, le=1)
    """How strongly it holds, 0-1; the strongest two are what a model is asked about."""


class Correction(Value):
    """All that a person has said of one element on one side of their taste."""

    side: SideName
    element: Element
    edited: Annotated[
        tuple[CorrectedWord, ...] | None,
        Field(max_length=MAX_WORDS, exclude_if=lambda words: words is None),
    ] = None
    """These words instead of the predicted ones; an empty list says that nothing is known."""
    pinned: Annotated[tuple[Word, ...], Field(max_length=MAX_WORDS)] = ()
    """Words that stand first, whatever is predicted; the latest first."""
    vetoed: Annotated[tuple[Word, ...], Field(max_length=MOST_VETOES)] = ()
    """Words that do not stand here, whatever is predicted; the latest last."""

    @property
    def is_empty(self) -> bool:
        return self.edited is None and not self.pinned and not self.vetoed

    @property
    def stated(self) -> frozenset[str]:
        """The words that the person has put here themselves, folded."""
        edited = (one.word for one in self.edited or ())
        return frozenset(word.casefold() for word in (*self.pinned, *edited))


def corrected(taste: Taste, corrections: Iterable[Correction]) -> Taste:
    """The taste as it stands: predicted where the person said nothing, else as they said."""
    known = {(one.side, one.element): one for one in corrections}
    if not known:
        return taste
    preference, non_preference = (
        TasteSide.model_validate(
            {
                element.value: _standing(
                    getattr(taste, side)[element],
                    known.get((side, element)),
                    elsewhere=known.get((other, element)),
                )
                for element in ELEMENTS
            }
        )
        for side, other in zip(SIDES, reversed(SIDES), strict=True)
    )
    return Taste(preference=preference, non_preference=non_preference)


def _standing(
    predicted: Words, correction: Correction | None, *, elsewhere: Correction | None
) -> Words:
    """The words of one element and side; one that is stated on the other side is not here."""
    counts = {one.word.casefold(): one.count for one in predicted}
    stated = correction or Correction(side="preference", element=Element.COLOR)
    base = predicted
    if stated.edited is not None:
        base = tuple(_written(one.word, one.weight, counts) for one in stated.edited)
    pinned = tuple(_written(word, 1.0, counts) for word in stated.pinned)
    away = {word.casefold() for word in (*stated.pinned, *stated.vetoed)}
    away |= (elsewhere.stated if elsewhere else frozenset()) - stated.stated
    kept = [one for one in base if one.word.casefold() not in away]
    # Sorting is stable: pinned words come before edited ones of equal weight.
    ranked = sorted((*pinned, *kept), key=lambda one: -one.weight)
    return tuple(ranked[:MAX_WORDS])


def _written(word: str, weight: float, counts: dict[str, int]) -> WeightedWord:
    return WeightedWord(word=word, weight=weight, count=counts.get(word.casefold(), 0))
