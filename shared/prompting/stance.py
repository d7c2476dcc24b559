"""Decide whether a rationale plainly contradicts its score."""

import re
from typing import Final

from shared.embedding.stance_reader import stance_probabilities
from shared.prompting.stance_rules import Stance, is_plain, stance

SURE: Final = 0.9
"""Probability of the opposite stance from which the classifier decides alone. On sentences for
development that an earlier run left out, it kept .976 of those that agree; at .8 .927."""
LIKELY: Final = 0.3
"""The same where the rules read the opposite stance, too, in a plain sentence."""
_COMPARISON: Final = re.compile(r"\b(?:looks?|feels?|seems?) like\b", re.I)
"""Here "like" means "similar to", which claims nothing about a taste."""


def contradicts(text: str, digit: int) -> bool:
    """Whether a rationale plainly contradicts its score 0-5, so that it is dropped.

    A plain contradiction is praise of a picture with a 0 or 1, or dislike of a picture with a 4 or
    5. A 2 or 3 contradicts nothing, and a rationale that is mixed or claims nothing contradicts no
    score.

    Two readers decide: rules, which are right on plain sentences and lost in others, and a
    classifier (MiniLM with low-rank changes). A rationale is dropped where both read the opposite
    stance, or where the classifier is sure and the rules read no other stance in a plain sentence.
    A good rationale that is lost costs more than a contradiction that is shown. Both read English.
    `python -m training.stance --measure` prints how often they are right.
    """
    if digit in (2, 3):
        return False
    opposite = Stance.FOR if digit <= 1 else Stance.AGAINST
    probability = stance_probabilities(_COMPARISON.sub("resembles", text))[opposite.value]
    read = stance(text) if is_plain(text) else Stance.NONE
    if read is opposite:
        return probability > LIKELY
    return read is Stance.NONE and probability > SURE
