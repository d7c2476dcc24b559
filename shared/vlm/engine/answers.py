"""Read a model's answers into the protocol's values, whichever engine wrote them."""

from collections.abc import Mapping
from typing import Final

from shared.domain.taste import Element
from shared.prompting import parser as verdict
from shared.prompting import rationale as reason
from shared.vlm.protocol import Description, PredictedTaste, Rationales

MAX_WORDS_TOKENS: Final = 128
"""Two sides of five elements with two words each are about 60 tokens, of a large model's 110."""
MAX_REASONS_TOKENS: Final = 224
"""Five short reasons; one that runs on is cut and left out."""
MAX_COMPARISON_TOKENS: Final = 2048
"""The paper's limit; its checkpoints write about 830 (arXiv 2511.00609)."""


def parse_taste(answer: str) -> PredictedTaste:
    """Both sides in words."""
    read = verdict.parse_taste(answer)
    return PredictedTaste(read.likes, read.dislikes, read.problems)


def parse_description(answer: str) -> Description:
    """One image in words."""
    read = verdict.parse_description(answer)
    return Description(read.words, read.problems)


def read_reasons(answer: str, digits: Mapping[Element, int]) -> Rationales:
    """A reason for each digit; one that says otherwise than its digit is left out."""
    read = verdict.parse_scores(answer)
    kept = {e: told for e, told in read.rationales.items() if reason.agrees(told, digits[e])}
    left_out = tuple(
        f"the reason for {e.label} does not agree with its score"
        for e in read.rationales
        if e not in kept
    )
    return Rationales(kept, read.problems + left_out)
