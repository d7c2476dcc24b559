"""Have a server write the forced score answer, and read the digits' probabilities on the way.

A grammar leaves every digit open at its place, the list of allowed tokens but the one that is held
open. The server reports probabilities after the first and before the second, so that one question
gives all five distributions, each with the same digits before it as in the in-process engine.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS
from shared.prompting import prompt
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.engine.answer_layout import Skeleton, lines, skeleton_of
from shared.vlm.protocol import Scores
from shared.vlm.server.chat import digits_pattern
from shared.vlm.server.connection import PART, Connection


class NotForced(Unavailable):
    """The answer is not the forced one; the text says how it differs."""

    def __init__(self, how: str) -> None:
        super().__init__(PART, f"the server did not write the forced scores: {how}")


@dataclass(frozen=True)
class ForcedScores:
    """What is asked and read of one tokenizer."""

    written: tuple[int, ...]
    """Tokens that follow the answer's beginning, up to the last digit."""
    places: tuple[int, ...]
    """Indices in `written` of each element's digit, in the order of `ELEMENTS`."""
    digit_ids: tuple[int, ...]
    """Token of each digit 0-5."""
    begun: str

    @staticmethod
    def of(found: Skeleton, *, begun: Sequence[int], text: str) -> "ForcedScores":
        """From the whole answer's tokens and those of its beginning, `text`.

        Raises `BadCheckpoint` when the two do not fit.
        """
        if tuple(begun) != found.ids[: len(begun)]:
            raise BadCheckpoint(f"this model's tokenizer joins {text!r} with what follows it")
        return ForcedScores(
            written=found.ids[len(begun) : found.places[-1] + 1],
            places=tuple(place - len(begun) for place in found.places),
            digit_ids=found.digit_ids,
            begun=text,
        )

    def question(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """A question for the scores, from one for words."""
        return {
            **plain,
            "max_tokens": len(self.written),
            "structured_outputs": {"regex": digits_pattern(begun=self.begun)},
            "allowed_token_ids": sorted(set(self.written)),
            "logprobs": True,
            "logprob_token_ids": list(self.digit_ids),
            "return_tokens_as_token_ids": True,
        }

    def read(self, answer: Mapping[str, Any], weights: ElementWeights = EQUAL_WEIGHTS) -> Scores:
        """The distributions over the digits; raises `NotForced`."""
        try:
            tokens = answer["choices"][0]["logprobs"]["content"]
            got = tuple(_token_id(one["token"]) for one in tokens)
        except (LookupError, TypeError, ValueError) as error:
            raise NotForced(f"it has no token ids ({error!r})") from error
        if got != self.written:
            raise NotForced(f"its tokens are {list(got)}, not {list(self.written)}")
        rows = (self._digits(tokens[place]["top_logprobs"]) for place in self.places)
        return Scores(dict(zip(ELEMENTS, rows, strict=True)), weights)

    def _digits(self, told: Sequence[Mapping[str, Any]]) -> tuple[float, ...]:
        by_id = {_token_id(one["token"]): float(one["logprob"]) for one in told}
        missing = [token for token in self.digit_ids if token not in by_id]
        if missing:
            raise NotForced(f"the probabilities of the tokens {missing} are left out")
        logs = [by_id[token] for token in self.digit_ids]
        # Log-probabilities of six tokens among all: their softmax is what the six share.
        weights = [math.exp(log - max(logs)) for log in logs]
        return tuple(weight / sum(weights) for weight in weights)


async def forced_scores(server: Connection, *, model: str) -> ForcedScores:
    """In the tokens of the server's own tokenizer; raises `BadCheckpoint` and as `Connection`."""
    begun = prompt.score({}, {}).answer_prefix
    rows = [await _tokens(server, line, model=model) for line in (begun, *lines())]
    return ForcedScores.of(skeleton_of(rows[1:]), begun=rows[0], text=begun)


async def _tokens(server: Connection, text: str, *, model: str) -> list[int]:
    answer = await server.post(
        "tokenize", {"model": model, "prompt": text, "add_special_tokens": False}
    )
    return [int(token) for token in answer["tokens"]]


def _token_id(token: str) -> int:
    return int(token.removeprefix("token_id:"))
