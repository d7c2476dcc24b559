"""Constrain generated answers to a JSON Schema or a pattern: none is lost for its layout."""

import json
from collections.abc import Sequence
from typing import Any, Final

import llguidance.hf
import numpy as np
import torch
from llguidance import LLMatcher
from torch import Tensor
from transformers import LogitsProcessor

from shared.prompting.styles.protocol import Task
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

ONE_LINE_JSON: Final = {
    "x-guidance": {
        "whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "
    }
}  # fmt: skip
"""The spaces of the layout that the prompts show, and no others: a small model can write newlines
between two entries until its tokens are spent."""


def grammar_of(task: Task) -> str | None:
    """The grammar of a task's answer; None for a free answer."""
    if task.pattern is not None:
        return str(LLMatcher.grammar_from_regex(task.pattern))
    if task.schema is not None:
        schema = json.dumps({**task.schema, **ONE_LINE_JSON})
        # SentencePiece can write a space before the first word of a text, so training has one.
        return str(LLMatcher.grammar_from_lark(f'start: " "? answer\nanswer: %json {schema}'))
    return None


class AnswerGrammar:
    """Grammars in the tokens of one tokenizer."""

    def __init__(self, tokenizer: Any, *, vocabulary: int, end_token: int) -> None:
        """`vocabulary` is the number of logits, `end_token` ends an answer; raises `BadCheckpoint`.

        The end token is the model's: the tokenizer's can be another one (Gemma: the end of a text,
        and not of a turn).
        """
        self._end_token = end_token
        try:
            self._tokenizer = llguidance.hf.from_tokenizer(
                tokenizer, n_vocab=vocabulary, eos_token=end_token
            )
        except Exception as error:
            # The library names the fault in its own words and has no error class of its own.
            raise BadCheckpoint(
                f"answers of this model cannot be constrained to JSON: {error}; use a checkpoint"
                " with a fast tokenizer (tokenizer.json)"
            ) from error

    def processor(self, grammars: Sequence[str], *, prompt_length: int) -> Any:
        """A logits processor, one grammar an answer, after prompts of `prompt_length` columns."""
        matchers = [LLMatcher(self._tokenizer, grammar) for grammar in grammars]
        return _OnlyValidTokens(matchers, prompt_length, self._end_token)


class _OnlyValidTokens(LogitsProcessor):  # type: ignore[misc]  # untyped base
    """Each row can only continue with tokens that its grammar allows."""

    def __init__(self, matchers: list[LLMatcher], prompt_length: int, end_token: int) -> None:
        self._matchers = matchers
        self._length = prompt_length
        self._end_token = end_token

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        if input_ids.shape[1] > self._length:
            for matcher, token in zip(self._matchers, input_ids[:, -1].tolist(), strict=True):
                if not matcher.is_stopped():
                    matcher.consume_token(token)
            self._length = input_ids.shape[1]
        allowed = np.stack([self._allowed(matcher, scores.shape[1]) for matcher in self._matchers])
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), float("-inf"))

    def _allowed(self, matcher: LLMatcher, width: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        allowed = np.zeros(width, dtype=bool)
        if matcher.is_stopped():
            allowed[self._end_token] = True
            return allowed
        bits = np.unpackbits(
            np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8), bitorder="little"
        )
        size = min(width, len(bits))
        allowed[:size] = bits[:size].astype(bool)
        return allowed
