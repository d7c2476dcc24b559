"""Convert parsed answers to the values of the protocol, for every engine."""

from typing import Final

from shared.prompting.parser import ParsedSide, ParsedTaste
from shared.prompting.styles.protocol import ParsedRationales
from shared.vlm.protocol import Description, PredictedTaste, Rationales

MAX_COMPARISON_TOKENS: Final = 2048
"""The limit in the paper; its checkpoints write about 830 tokens (arXiv 2511.00609)."""


def to_predicted_taste(parsed: ParsedTaste) -> PredictedTaste:
    """The words of both sides."""
    return PredictedTaste(
        parsed.preference, parsed.non_preference, parsed.problems, parsed.thoughts
    )


def to_description(parsed: ParsedSide) -> Description:
    """The words of one image."""
    return Description(parsed.words, parsed.problems, parsed.subject)


def to_rationales(parsed: ParsedRationales) -> Rationales:
    """A rationale for each digit that has a usable one."""
    return Rationales(parsed.by_element, parsed.problems)
