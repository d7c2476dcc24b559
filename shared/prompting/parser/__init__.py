"""Read what a model answered; one reader a file, for serving, training, rewards and evaluation."""

from shared.prompting.parser.answers import (
    ScoresRead,
    TasteRead,
    read_description,
    read_scores,
    read_taste,
)
from shared.prompting.parser.comparison import ComparisonRead, Failure, read_comparison
from shared.prompting.parser.elements import MAX_WORD_LENGTH, SideRead

__all__ = [
    "MAX_WORD_LENGTH",
    "ComparisonRead",
    "Failure",
    "ScoresRead",
    "SideRead",
    "TasteRead",
    "read_comparison",
    "read_description",
    "read_scores",
    "read_taste",
]
