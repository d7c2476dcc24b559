"""Parse model answers, in the same way for serving, training, rewards and evaluation."""

from shared.prompting.parser.answers import (
    ParsedScores,
    ParsedTaste,
    parse_description,
    parse_scores,
    parse_taste,
)
from shared.prompting.parser.comparison import FormatFailure, ParsedComparison, parse_comparison
from shared.prompting.parser.elements import MAX_WORD_LENGTH, ParsedSide

__all__ = [
    "MAX_WORD_LENGTH",
    "FormatFailure",
    "ParsedComparison",
    "ParsedScores",
    "ParsedSide",
    "ParsedTaste",
    "parse_comparison",
    "parse_description",
    "parse_scores",
    "parse_taste",
]
