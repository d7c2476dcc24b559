"""Let a server write the forced score answer, and read the probabilities of its digits.

The grammar allows every digit at its position; the list of allowed tokens has only the placeholder
digit. The server reports probabilities after the grammar and before the list. One request therefore
gives all five distributions, each after the same digits as in the in-process engine.
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
from shared.vlm.engine.answer_layout import AnswerLayout, layout_of, score_lines
from shared.vlm.protocol import Scores
from shared.vlm.server.chat import digits_pattern
from shared.vlm.server.connection import PART, Connection


class NotForced(Unavailable):
    """The answer is not the forced one; the text names the difference."""

    def __init__(self, difference: str) -> None:
        super().__init__(PART, f"the server did not write the forced scores: {difference}")


@dataclass(frozen=True)
class ForcedScores:
    """The forced answer in the tokens of one tokenizer."""

    ids: tuple[int, ...]
    """Tokens after the answer's prefix, up to the last digit."""
    positions: tuple[int, ...]
    """Index in `ids` of each element's digit, in the order of `ELEMENTS`."""
    digit_ids: tuple[int, ...]
    """Token of each digit 0-5."""
    prefix: str
    """Start of the answer, which the request already contains."""

    @staticmethod
    def of(layout: AnswerLayout, *, prefix_ids: Sequence[int], prefix: str) -> "ForcedScores":
        """From the layout of the whole answer and the tokens of its prefix.

        Raises `BadCheckpoint` when the answer does not start with these tokens.
        """
        length = len(prefix_ids)
        if tuple(prefix_ids) != layout.ids[:length]:
            raise BadCheckpoint(
                f"this model's tokenizer joins {prefix!r} with what follows it; use a checkpoint"
                " of the Qwen2.5-VL architecture"
            )
        return ForcedScores(
            ids=layout.ids[length : layout.positions[-1] + 1],
            positions=tuple(position - length for position in layout.positions),
            digit_ids=layout.digit_ids,
            prefix=prefix,
        )

    def request(self, completion: Mapping[str, Any]) -> dict[str, Any]:
        """The completion request, changed into one for the forced scores."""
        return {
            **completion,
            "max_tokens": len(self.ids),
            "structured_outputs": {"regex": digits_pattern(prefix=self.prefix)},
            "allowed_token_ids": sorted(set(self.ids)),
            "logprobs": True,
            "logprob_token_ids": list(self.digit_ids),
            "return_tokens_as_token_ids": True,
        }

    def read(
        self,
        response: Mapping[str, Any],
        weights: ElementWeights = EQUAL_WEIGHTS,
        *,
        prefix: str = "",
    ) -> Scores:
        """The distributions over the digits; raises `NotForced`."""
        try:
            tokens = response["choices"][0]["logprobs"]["content"]
            ids = tuple(_token_id(token["token"]) for token in tokens)
        except (LookupError, TypeError, ValueError) as error:
            raise NotForced(f"it has no token ids ({error!r})") from error
        if ids != self.ids:
            raise NotForced(f"its tokens are {list(ids)}, not {list(self.ids)}")
        rows = (self._distribution(tokens[n]["top_logprobs"]) for n in self.positions)
        return Scores(dict(zip(ELEMENTS, rows, strict=True)), weights)

    def _distribution(self, top_logprobs: Sequence[Mapping[str, Any]]) -> tuple[float, ...]:
        """Probabilities of the six digits, which sum to 1."""
        by_id = {_token_id(entry["token"]): float(entry["logprob"]) for entry in top_logprobs}
        missing = [token for token in self.digit_ids if token not in by_id]
        if missing:
            raise NotForced(f"the probabilities of the tokens {missing} are left out")
        logs = [by_id[token] for token in self.digit_ids]
        # The log-probabilities are over all tokens; their softmax is over the six digits.
        weights = [math.exp(log - max(logs)) for log in logs]
        return tuple(weight / sum(weights) for weight in weights)


async def forced_scores(server: Connection, *, model: str) -> ForcedScores:
    """In the tokens of the server's tokenizer; raises `BadCheckpoint` and like `Connection`."""
    prefix = prompt.score({}, {}).answer_prefix
    rows = [await _token_ids(server, line, model=model) for line in (prefix, *score_lines())]
    return ForcedScores.of(layout_of(rows[1:]), prefix_ids=rows[0], prefix=prefix)


async def _token_ids(server: Connection, text: str, *, model: str) -> list[int]:
    response = await server.post(
        "tokenize", {"model": model, "prompt": text, "add_special_tokens": False}
    )
    return [int(token) for token in response["tokens"]]


def _token_id(token: str) -> int:
    return int(token.removeprefix("token_id:"))
