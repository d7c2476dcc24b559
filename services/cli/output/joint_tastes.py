"""Arrange the joint tastes of a user as rows to print."""

from collections.abc import Sequence
from typing import Final

from services.cli.output.listing import Column, Listing
from services.cli.output.wrapping import Id, Part
from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import Words
from shared.events import RankedFeed, RankedItem

SHOWN_WORDS: Final = 2
"""Words of an element, as many as a prompt shows."""


def joint_taste_table(tastes: Sequence[JointTaste]) -> Listing:
    """One row a taste: its liked words and the references that made it."""
    rows: list[list[Part]] = [
        [
            Id(taste.taste_id),
            f"{taste.share:.0%}",
            "; ".join(
                f"{element.label}: {_words(words)}"
                for element, words in taste.preference.items()
                if words
            )
            or "(unknown)",
            ", ".join(taste.reference_ids),
        ]
        for taste in tastes
    ]
    return Listing(
        (
            Column("taste", "id"),
            Column("of likes", "number"),
            Column("likes", "text", style="green"),
            Column("references", "text"),
        ),
        rows,
        title=[f"{len(tastes)} tastes; an image is ranked by the one that it fits best"],
    )


def taste_columns(feed: RankedFeed) -> tuple[Column, ...]:
    """The column with the taste of each image, where the user has several."""
    return (Column("taste"),) if any(item.taste_id for item in feed.items) else ()


def taste_cells(item: RankedItem, columns: Sequence[Column]) -> list[str]:
    """The cell of each of these columns."""
    return [item.taste_id or "-" for _ in columns]


def _words(words: Words) -> str:
    return ", ".join(word.word for word in words[:SHOWN_WORDS])
