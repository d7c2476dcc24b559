"""Prepare a taste for a page: the words of each element on both sides, and the corrections."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from services.ops.pages.users.taste_cards import TasteCard, taste_cards
from shared.domain.corrections import SIDES, Correction, SideName
from shared.domain.subjects.element import SUBJECT, ProfileElement
from shared.domain.subjects.words import Subjects, SubjectSide, SubjectWord
from shared.domain.taste import ELEMENTS, Element, Taste, WeightedWord
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.word_forms import canonical
from shared.events import ProfileUpdated
from shared.events.types.taste_change import TasteChange, ignored_sentence
from shared.store.protocol import StoredProfile

WordPosition = tuple[SideName, ProfileElement, str]
"""Side, element and text of a word."""
SHOWN_EXAMPLES: Final = 4
"""References that stand for a side whose subject has no word."""


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
    references: int | None = None
    """References of the side of which `count` show the word; None for words of the look, which come
    from predictions."""


@dataclass(frozen=True)
class Cell:
    """The words of one element on one side."""

    side: SideName
    chips: tuple[Chip, ...]
    correction: Correction | None
    examples: tuple[str, ...] = ()
    """Ids of typical references, where the subject has no word."""


@dataclass(frozen=True)
class Row:
    """Both sides of one element."""

    element: ProfileElement
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TasteView:
    """A profile for pages, from the store or from an event."""

    version: int
    liked: int
    disliked: int
    model_version: str
    rows: tuple[Row, ...]
    cards: tuple[TasteCard, ...] = ()
    """The tastes of a user with several; none for a user with one taste."""
    weights: RankingWeights | None = None
    """What the user goes by; None where subjects do not count."""
    changes: tuple[str, ...] = ()
    """Where feedback on feeds changed what the user stated, the latest first."""
    ignored: str | None = None
    """Feedback that is no reference, in words."""

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
        _rows(
            profile.taste,
            profile.subjects,
            profile.corrections.entries if profile.corrections else (),
            None,
        ),
        taste_cards(profile.tastes),
        profile.ranking_weights,
        _changes(profile.history),
        ignored_sentence(profile.ignored_feedback),
    )


def of_event(event: ProfileUpdated, *, before: Collection[WordPosition]) -> TasteView:
    """Return the view of an event. Words that are not in `before` are marked as new."""
    taste = Taste(preference=event.preference, non_preference=event.non_preference)
    return TasteView(
        event.profile_version,
        event.evidence.liked,
        event.evidence.disliked,
        event.model_version,
        _rows(taste, event.subjects, event.corrections, before),
        taste_cards(event.tastes),
        event.ranking_weights,
        _changes(event.history),
        ignored_sentence(event.evidence.ignored),
    )


def _changes(history: Sequence[TasteChange]) -> tuple[str, ...]:
    return tuple(entry.dated for entry in reversed(history))


def _rows(
    taste: Taste,
    subjects: Subjects | None,
    corrections: Sequence[Correction],
    before: Collection[WordPosition] | None,
) -> tuple[Row, ...]:
    """A row for each element of the look, and one for the subject where it is known."""
    by_cell = {(correction.side, correction.element): correction for correction in corrections}

    def chip(
        side: SideName, element: ProfileElement, item: WeightedWord | SubjectWord, **fields: int
    ) -> Chip:
        correction = by_cell.get((side, element))
        return Chip(
            item.word,
            item.weight,
            item.count,
            stated=correction is not None and canonical(item.word) in correction.stated,
            new=before is not None and (side, element, item.word) not in before,
            **fields,
        )

    def cell(side: SideName, element: Element) -> Cell:
        words = getattr(taste, side)[element]
        chips = tuple(chip(side, element, word) for word in words)
        return Cell(side, chips, by_cell.get((side, element)))

    def subject_cell(side: SideName, subject: SubjectSide) -> Cell:
        chips = tuple(
            chip(side, SUBJECT, word, references=subject.references) for word in subject.words
        )
        examples = () if chips else subject.examples[:SHOWN_EXAMPLES]
        return Cell(side, chips, by_cell.get((side, SUBJECT)), examples)

    rows = [Row(element, tuple(cell(side, element) for side in SIDES)) for element in ELEMENTS]
    if subjects is not None:
        sides = zip(SIDES, (subjects.preference, subjects.non_preference), strict=True)
        rows.append(Row(SUBJECT, tuple(subject_cell(side, subject) for side, subject in sides)))
    return tuple(rows)
