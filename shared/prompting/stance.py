"""Decide whether a rationale plainly contradicts its score."""

from typing import Final

from shared.embedding.stance_reader import stance_probabilities

SURE: Final = 0.6
"""Probability of the opposite stance from which a rationale is dropped. From .4 to .7 the share of
right decisions hardly changes; a higher value keeps more rationales of both kinds."""


def contradicts(text: str, digit: int) -> bool:
    """Whether a rationale plainly contradicts its score 0-5, so that it is dropped.

    A plain contradiction is praise of a picture with a 0 or 1, or dislike of a picture with a 4 or
    5. A 2 or 3 contradicts nothing, and a rationale that is mixed or claims nothing contradicts no
    score. A classifier of English sentences decides (MiniLM with low-rank changes).
    `python -m training.stance --measure` prints how often it is right.
    """
    if digit in (2, 3):
        return False
    opposite = "for" if digit <= 1 else "against"
    return stance_probabilities(text)[opposite] > SURE
