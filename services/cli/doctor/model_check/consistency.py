"""Check that answers do not depend on the order of the images."""

from typing import Final

from services.cli.doctor.model_check.answers import REFERENCES
from services.cli.doctor.model_check.finding import Finding
from services.cli.doctor.model_check.probe_images import blocky, blurred
from shared.vlm.factory import Model
from shared.vlm.pairwise import Pair
from shared.vlm.protocol import PredictedTaste, References

SAME_SHARE: Final = 0.7
"""Words that two orders must have in common."""


async def check_order(model: Model) -> Finding:
    """Share of words that a profile keeps when the references come in the reverse order."""
    reversed_order = References(REFERENCES.liked[::-1], REFERENCES.disliked[::-1])
    first, second = await model.predict([REFERENCES, reversed_order])
    one, other = _named(first), _named(second)
    share = len(one & other) / max(len(one | other), 1)
    detail = f"{len(one & other)} of {len(one | other)} words are the same in the reverse order"
    if share >= SAME_SHARE:
        return Finding("order of references", "ok", detail)
    return Finding(
        "order of references", "note", detail,
        "set PREFERSTREAM_MODEL_PREDICTION_ORDERS=3: the majority of several orders counts",
    )  # fmt: skip


async def check_position(model: Model) -> Finding:
    """Whether a comparison chooses the same image in both positions."""
    a, b = blocky(6), blurred(6)
    forward, backward = await model.compare([Pair(REFERENCES, a, b), Pair(REFERENCES, b, a)])
    choices = (forward.parsed.choice, backward.parsed.choice)
    if None in choices:
        return Finding("position of candidates", "note", "a comparison cannot be read")
    if choices in (("A", "B"), ("B", "A")):
        return Finding("position of candidates", "ok", "the same image is chosen in both positions")
    return Finding(
        "position of candidates", "note", f"it chooses image {choices[0]} whichever image that is",
        "rank by scores, as the services do; do not use pair comparisons of this model",
    )  # fmt: skip


def _named(taste: PredictedTaste) -> set[tuple[str, str, str]]:
    sides = (("likes", taste.preference), ("dislikes", taste.non_preference))
    return {(side, e, word) for side, words in sides for e, ws in words.items() for word in ws}
