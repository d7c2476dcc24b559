"""Try a server before people depend on it: can it force scores, and keep its versions apart?"""

import asyncio
from typing import Final

from PIL import Image

from shared.domain.errors import Unprocessable
from shared.domain.taste import ELEMENTS, Taste, TasteSide, WeightedWord
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.protocol import Candidate, Scores
from shared.vlm.server.forced_scores import NotForced
from shared.vlm.server.model import ServerModel

SIDE: Final = 84
"""Pixels: an image that every model takes."""
AT_ONCE: Final = 4
"""Questions to each version: enough that a server puts some of both into one batch."""
APART: Final = 0.05
"""Probability: half precision moves a digit's by less when other questions share the batch."""


def _side(word: str) -> TasteSide:
    return TasteSide(color=(WeightedWord(word=word, weight=1),))


ASKED: Final = Candidate(
    Taste(preference=_side("red"), non_preference=_side("blue")),
    Image.new("RGB", (SIDE, SIDE), "purple"),
)


async def try_scores(model: ServerModel, *, address: str) -> None:
    """Raises `BadCheckpoint` for a server that cannot force scores, and `Unavailable`."""
    try:
        await model.score([ASKED])
    except Unprocessable as error:
        raise BadCheckpoint(f"{error.detail}; serve a model that sees images with vLLM") from error
    except NotForced as error:
        raise BadCheckpoint(
            f"{address}: {error.detail}; it must understand structured_outputs and"
            " logprob_token_ids, as vLLM 0.32 does"
        ) from error


async def try_apart(base: ServerModel, adapter: ServerModel, *, address: str) -> None:
    """Raises `BadCheckpoint` when the base answers otherwise beside an adapter than alone.

    vLLM 0.32 does so on a CPU (its pull request 48421), silently: scores of two versions in a feed
    that names one.
    """
    (alone,) = await base.score([ASKED])
    beside, _ = await asyncio.gather(
        base.score([ASKED] * AT_ONCE), adapter.score([ASKED] * AT_ONCE)
    )
    if max(_difference(alone, one) for one in beside) > APART:
        raise BadCheckpoint(
            f"{address} lets {adapter.model_version} change the answers of {base.model_version}."
            " vLLM 0.32 does so on a CPU when all places for adapters are taken: start it with"
            " --max-loras above the number of versions it will see, or on a GPU"
        )


def _difference(one: Scores, other: Scores) -> float:
    return max(
        abs(a - b)
        for element in ELEMENTS
        for a, b in zip(one.digits[element], other.digits[element], strict=True)
    )
