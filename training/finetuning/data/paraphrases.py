"""Rationales in varied wordings that the parser still reads correctly."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from shared.prompting.rationale import Relation, rationale
from training.prefersim.users.true_answers import TrueScore

WORDINGS: Final[Mapping[Relation, tuple[str, ...]]] = {
    "liked": (
        "{seen}, which is liked",
        "the image shows {seen}, and that is liked",
        "{seen} is among the liked words",
    ),
    "disliked": (
        "{seen}, which is disliked",
        "the image shows {seen}, and that is disliked",
        "{seen} is among the disliked words",
    ),
    "neither": (
        "{seen}, which the taste names on neither side",
        "the image shows {seen}, in neither list",
    ),
    "toward_liked": (
        "{seen} lies closer to the liked {anchor}",
        "the image shows {seen}, closer to {anchor}, which is liked",
    ),
    "toward_disliked": (
        "{seen} lies closer to the disliked {anchor}",
        "the image shows {seen}, closer to {anchor}, which is disliked",
    ),
    "unknown": ("the image shows {seen}, and no taste is known",),
    "unseen": ("the image does not show it, so it cannot be told",),
}
"""Wordings in addition to `shared.prompting.rationale`; the parser reads each as its relation."""


def varied_rationale(score: TrueScore, rng: np.random.Generator, *, varied: bool) -> str:
    """A random wording; without `varied` the usual one, the only one in nano's tokenizer."""
    usual = rationale(score.value, score.relation, anchor=score.anchor)
    if not varied:
        return usual
    other = [
        wording.format(seen=score.value, anchor=score.anchor)
        for wording in WORDINGS[score.relation]
    ]
    choices = [usual, *other]
    return choices[int(rng.integers(len(choices)))]
