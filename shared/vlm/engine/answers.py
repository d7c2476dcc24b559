"""Convert a model's answers to the values of the protocol, for every engine."""

from collections.abc import Mapping
from typing import Final

from shared.domain.taste import Element
from shared.prompting import parser, rationale
from shared.vlm.protocol import Description, PredictedTaste, Rationales

MAX_WORDS_TOKENS: Final = 128
"""Two sides of five elements with two words each take about 60 tokens, 110 from a large model."""
MAX_RATIONALES_TOKENS: Final = 224
"""Enough for five short rationales; a longer one is cut and left out."""
MAX_COMPARISON_TOKENS: Final = 2048
"""The limit in the paper; its checkpoints write about 830 tokens (arXiv 2511.00609)."""


def to_predicted_taste(answer: str) -> PredictedTaste:
    """The words of both sides."""
    parsed = parser.parse_taste(answer)
    return PredictedTaste(parsed.preference, parsed.non_preference, parsed.problems)


def to_description(answer: str) -> Description:
    """The words of one image."""
    parsed = parser.parse_description(answer)
    return Description(parsed.words, parsed.problems)


def to_rationales(answer: str, digits: Mapping[Element, int]) -> Rationales:
    """A rationale for each digit; one that contradicts its digit is left out."""
    parsed = parser.parse_scores(answer)
    kept = {
        element: text
        for element, text in parsed.rationales.items()
        if rationale.agrees(text, digits[element])
    }
    left_out = tuple(
        f"the rationale for {element.label} does not agree with its score"
        for element in parsed.rationales
        if element not in kept
    )
    return Rationales(kept, parsed.problems + left_out)
