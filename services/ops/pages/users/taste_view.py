"""Prepare a taste for a page: the words of each element on both sides, and the corrections."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.domain.corrections import SIDES, Correction, SideName
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.domain.word_forms import canonical
from shared.events import ProfileUpdated
from shared.store.protocol import StoredProfile

WordPosition = tuple[SideName, Element, str]
"""Side, element and text of a word."""


@dataclass(frozen=True)
class Chip:
    """One word of a taste."""

    word: str
    weight: float
    count: int
    stated: bool
    """The user has set it with a correction."""
    new: bool
    """It was not in the previous version on the page."""


@dataclass(frozen=True)
class Cell:
    """The words of one element on one side."""

    side: SideName
    chips: tuple[Chip, ...]
    correction: Correction | None


@dataclass(frozen=True)
class Row:
    """Both sides of one element."""

    element: Element
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TasteView:
    """A profile for pages, from the store or from an event."""

    version: int
    liked: int
    disliked: int
    model_version: str
    rows: tuple[Row, ...]

    @property
    def positions(self) -> frozenset[WordPosition]:
        return frozenset(
            (cell.side, row.element, chip.word)
            for row in self.rows
            for cell in row.cells
            for chip in cell.chips
        )


def of_stored(profile: StoredProfile) -> TasteView:
    sides = [reference.side for reference in profile.references]
    return TasteView(
        profile.profile_version,
        sides.count("liked"),
        sides.count("disliked"),
        profile.model_version,
        _rows(profile.taste, profile.corrections.entries if profile.corrections else (), None),
    )


def of_event(event: ProfileUpdated, *, before: Collection[WordPosition]) -> TasteView:
    """Return the view of an event. Words that are not in `before` are marked as new."""
    taste = Taste(preference=event.preference, non_preference=event.non_preference)
    return TasteView(
        event.profile_version,
        event.evidence.liked,
        event.evidence.disliked,
        event.model_version,
        _rows(taste, event.corrections, before),
    )


def _rows(
    taste: Taste, corrections: Sequence[Correction], before: Collection[WordPosition] | None
) -> tuple[Row, ...]:
    by_cell = {(correction.side, correction.element): correction for correction in corrections}

    def cell(side: SideName, element: Element) -> Cell:
        correction = by_cell.get((side, element))
        stated = correction.stated if correction else frozenset()
        chips = tuple(
            Chip(
                item.word,
                item.weight,
                item.count,
                stated=canonical(item.word) in stated,
                new=before is not None and (side, element, item.word) not in before,
            )
            for item in getattr(taste, side)[element]
        )
        return Cell(side, chips, correction)

    return tuple(Row(element, tuple(cell(side, element) for side in SIDES)) for element in ELEMENTS)
