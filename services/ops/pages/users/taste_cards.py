"""Prepare the joint tastes of a user as cards: the words, and the references that made them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.joint_tastes import JointTaste, taste_names
from shared.domain.taste import Words

SHOWN_REFERENCES: Final = 8
"""Thumbnails of a card; the number of the others follows."""
SHOWN_WORDS: Final = 2
"""Words of an element, as many as a prompt shows."""


@dataclass(frozen=True)
class TasteCard:
    """One taste of a user with several."""

    taste_id: str
    name: str
    words: tuple[tuple[str, Words], ...]
    """The liked words by the name of the element."""
    share: float
    """Share of the liked references."""
    references: tuple[str, ...]
    """Image ids of the references that are shown."""
    others: int
    """Number of further references."""


def taste_cards(tastes: Sequence[JointTaste]) -> tuple[TasteCard, ...]:
    """One card a taste, the largest first; none for a user with one taste."""
    names = taste_names(tastes)
    return tuple(
        TasteCard(
            taste_id=taste.taste_id,
            name=names[taste.taste_id],
            words=tuple(
                (element.label, words[:SHOWN_WORDS])
                for element, words in taste.preference.items()
                if words
            ),
            share=taste.share,
            references=taste.reference_ids[:SHOWN_REFERENCES],
            others=max(len(taste.reference_ids) - SHOWN_REFERENCES, 0),
        )
        for taste in tastes
    )
