"""Keep the chain of thought of a prediction for the user's page."""

from collections.abc import Sequence
from typing import Final

from shared.vlm.protocol import PredictedTaste

MAX_CHARACTERS: Final = 4000
"""Of all predictions of one profile together: what a person reads on a page."""


def joined_thoughts(predicted: Sequence[PredictedTaste]) -> str:
    """The thoughts of each group of references, in order, cut to `MAX_CHARACTERS`."""
    text = "\n\n".join(taste.thoughts for taste in predicted if taste.thoughts)
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1].rstrip() + "\u2026"
