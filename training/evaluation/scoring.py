"""Call a model in batches, with the profiles and element weights that evaluations need."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import Taste
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import PredictedTaste, Scores, ScoringInput, VisionLanguageModel
from training.prefersim.users.users import Words

BATCH_SIZE: Final = 128
"""Inputs of one call: enough to fill a batch, few enough for a small machine's memory."""
InputT = TypeVar("InputT")
OutputT = TypeVar("OutputT")


def batches(values: Sequence[InputT], size: int) -> list[Sequence[InputT]]:
    """Consecutive parts of at most `size` values."""
    return [values[begin : begin + size] for begin in range(0, len(values), size)]


async def in_batches(
    call: Callable[[Sequence[InputT]], Awaitable[list[OutputT]]],
    inputs: Sequence[InputT],
    *,
    size: int = BATCH_SIZE,
) -> list[OutputT]:
    """The outputs of all inputs, in order; the model gets at most `size` inputs in one call."""
    outputs: list[OutputT] = []
    for batch in batches(inputs, size):
        outputs += await call(batch)
    return outputs


async def equal_weight_scores(
    model: VisionLanguageModel, candidates: Sequence[ScoringInput]
) -> list[Scores]:
    """Scores whose totals are plain sums: simulated users weight all elements equally."""
    scores = await in_batches(model.score, candidates)
    return [replace(score, weights=EQUAL_WEIGHTS) for score in scores]


def certain_profile(likes: Words, dislikes: Words) -> Taste:
    """A profile in which each of these words has full weight."""
    return taste_by_vote([PredictedTaste(likes, dislikes)])
