"""Lay a taste out for a page: each element, its words on both sides, and what was said of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.domain.corrections import SIDES, Correction, SideName
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.events import ProfileUpdated
from shared.store.protocol import StoredProfile

Place = tuple[SideName, Element, str]
"""Where a word stands."""


@dataclass(frozen=True)
class Chip:
    """One word of a taste."""

    word: str
    weight: float
    count: int
    stated: bool
    """The person has put it here themselves."""
    new: bool
    """It was not there when the page last looked."""


@dataclass(frozen=True)
class Cell:
    """One element on one side."""

    side: SideName
    chips: tuple[Chip, ...]
    correction: Correction | None


@dataclass(frozen=True)
class Row:
    """One element."""

    element: Element
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TasteView:
    """A profile as pages show it, whether it was read or heard."""

    version: int
    liked: int
    disliked: int
    model_version: str
    rows: tuple[Row, ...]

    @property
    def places(self) -> frozenset[Place]:
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
        _rows(profile.taste, profile.corrections.said if profile.corrections else (), None),
    )


def of_event(event: ProfileUpdated, *, before: Collection[Place]) -> TasteView:
    """With those words marked as new that do not stand among `before`."""
    taste = Taste(preference=event.preference, non_preference=event.non_preference)
    return TasteView(
        event.profile_version,
        event.evidence.liked,
        event.evidence.disliked,
        event.model_version,
        _rows(taste, event.corrections, before),
    )


def _rows(
    taste: Taste, said: Sequence[Correction], before: Collection[Place] | None
) -> tuple[Row, ...]:
    corrections = {(one.side, one.element): one for one in said}

    def cell(side: SideName, element: Element) -> Cell:
        correction = corrections.get((side, element))
        stated = correction.stated if correction else frozenset()
        chips = tuple(
            Chip(
                one.word,
                one.weight,
                one.count,
                stated=one.word.casefold() in stated,
                new=before is not None and (side, element, one.word) not in before,
            )
            for one in getattr(taste, side)[element]
        )
        return Cell(side, chips, correction)

    return tuple(Row(element, tuple(cell(side, element) for side in SIDES)) for element in ELEMENTS)
