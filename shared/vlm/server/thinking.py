"""Bound the chain of thought of models that think before their answer, and read it."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from shared.prompting.styles.general.json_answer import without_thoughts
from shared.vlm.server.chat import completion_text
from shared.vlm.server.dialect import Dialect

_END_OF_THOUGHT: Final = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.I)
_ANSWER: Final = re.compile(r"[{\d]")
"""What starts an answer: JSON or digits. Untagged thoughts with either count as one."""
_REASONING_FIELDS: Final = ("reasoning_content", "reasoning")
"""Fields of a message into which servers put the thoughts; the name has changed over time."""


@dataclass(frozen=True)
class Thinking:
    """Whether a model thinks before it predicts a taste, and how long any thought may be."""

    is_wanted: bool = False
    max_tokens: int = 1024


def with_thinking(
    request: Mapping[str, Any], dialect: Dialect, *, is_wanted: bool
) -> dict[str, Any]:
    """The request that lets a model think before its answer, or asks it to answer at once.

    The OpenAI API has no common field for it, so other servers than vLLM decide themselves.
    """
    if dialect is not Dialect.VLLM:
        return dict(request)
    return {**request, "chat_template_kwargs": {"enable_thinking": is_wanted}}


def with_more_tokens(request: Mapping[str, Any], tokens: int) -> dict[str, Any]:
    """The request with room for a thought before the answer."""
    return {**request, "max_tokens": request["max_tokens"] + tokens}


def is_cut_within_thoughts(response: Mapping[str, Any]) -> bool:
    """Whether the tokens were spent before the answer began; raises `Unavailable`."""
    text, _ = completion_text(response)
    was_cut = response["choices"][0]["finish_reason"] == "length"
    return was_cut and _ANSWER.search(without_thoughts(text)) is None


def answer_with_thoughts(response: Mapping[str, Any], *, prefix: str) -> str:
    """The answer with its prefix; thoughts in a field of their own stand before it in a tag."""
    text, _ = completion_text(response, prefix=prefix)
    message = response["choices"][0]["message"]
    texts = (message.get(field) for field in _REASONING_FIELDS)
    reasoning = next((value for value in texts if isinstance(value, str) and value.strip()), "")
    return f"<think>{reasoning}</think>{text}" if reasoning else text


def answer_start(tokens: Sequence[str]) -> int:
    """The number of the first token after the thoughts; 0 without any."""
    ends = list(_END_OF_THOUGHT.finditer("".join(tokens)))
    if not ends:
        return 0
    starts = list(accumulate(map(len, tokens), initial=0))
    return bisect_left(starts, ends[-1].end())
