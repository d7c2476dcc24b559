"""Check that a server can force scores and keeps its model versions apart, before it is used."""

import asyncio
from typing import Final

from PIL import Image

from shared.domain.errors import Unprocessable
from shared.domain.taste import ELEMENTS, Taste, TasteSide, WeightedWord
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.protocol import Scores, ScoringInput
from shared.vlm.server.forced_scores import NotForced
from shared.vlm.server.model import ServerModel

IMAGE_SIDE: Final = 84
"""Side in pixels of an image that every model accepts."""
CONCURRENCY: Final = 4
"""Simultaneous requests to each version: enough that one batch of the server has both versions."""
MAX_DIFFERENCE: Final = 0.05
"""Largest difference of a digit's probability: in half precision, other requests in the same batch
change it by less."""


def _side(word: str) -> TasteSide:
    return TasteSide(color=(WeightedWord(word=word, weight=1),))


CANDIDATE: Final = ScoringInput(
    Taste(preference=_side("red"), non_preference=_side("blue")),
    Image.new("RGB", (IMAGE_SIDE, IMAGE_SIDE), "purple"),
)


async def check_scores(model: ServerModel, *, address: str) -> None:
    """Raise `BadCheckpoint` for a server without readable scores, and `Unavailable`."""
    try:
        await model.score([CANDIDATE])
    except Unprocessable as error:
        raise BadCheckpoint(f"{error.detail}; serve a model that sees images") from error
    except NotForced as error:
        raise BadCheckpoint(
            f"{address}: {error.detail}; it must support structured_outputs and"
            " logprob_token_ids, as vLLM 0.32 does"
        ) from error


async def check_version_isolation(base: ServerModel, adapter: ServerModel, *, address: str) -> None:
    """Raise `BadCheckpoint` when the base answers differently in one batch with an adapter.

    vLLM 0.32 does so on a CPU (its pull request 48421), silently: a feed that names one version
    would then have scores of two.
    """
    (alone,) = await base.score([CANDIDATE])
    together, _ = await asyncio.gather(
        base.score([CANDIDATE] * CONCURRENCY), adapter.score([CANDIDATE] * CONCURRENCY)
    )
    if max(_difference(alone, scores) for scores in together) > MAX_DIFFERENCE:
        raise BadCheckpoint(
            f"{address} lets {adapter.model_version} change the answers of {base.model_version}."
            " vLLM 0.32 does so on a CPU when all places for adapters are taken: start it with"
            " --max-loras above the number of versions that it will serve, or on a GPU"
        )


def _difference(first: Scores, second: Scores) -> float:
    """Largest difference of any digit's probability."""
    return max(
        abs(a - b)
        for element in ELEMENTS
        for a, b in zip(first.digits[element], second.digits[element], strict=True)
    )
