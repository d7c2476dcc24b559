"""Read what a model answered; one reader a file, for serving, training, rewards and evaluation."""

from shared.verdict.answers import (
    ScoresRead,
    TasteRead,
    read_description,
    read_scores,
    read_taste,
)
from shared.verdict.comparison import ComparisonRead, Failure, read_comparison
from shared.verdict.elements import MAX_WORD_LENGTH, SideRead

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
