"""Write what each kind of server understands: vLLM's own fields, or the plain OpenAI API."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from shared.domain.errors import Unprocessable
from shared.domain.taste import ELEMENTS
from shared.prompting.prompt import Prompt
from shared.vlm.server.connection import Connection, NotFound

DIGITS_PATTERN: Final = f"[0-5]{{{len(ELEMENTS)}}}"
TOP_LOGPROBS: Final = 20
"""The most that the OpenAI API returns."""


class Dialect(StrEnum):
    """How a server is asked for constrained answers."""

    VLLM = "vllm"
    OPENAI = "openai"


async def dialect_of(server: Connection) -> Dialect:
    """vLLM answers `/version`; raises `Unavailable`."""
    try:
        version = await server.get("version")
    except (NotFound, Unprocessable):
        return Dialect.OPENAI
    return Dialect.VLLM if isinstance(version, dict) and "version" in version else Dialect.OPENAI


def with_schema(
    request: Mapping[str, Any], schema: Mapping[str, Any], dialect: Dialect
) -> dict[str, Any]:
    """The request for an answer in JSON of this schema."""
    if dialect is Dialect.VLLM:
        # Any whitespace would let a small model write newlines until its tokens are spent.
        constraint = {"json": schema, "disable_any_whitespace": True}
        return {**request, "structured_outputs": constraint}
    described = {"name": "answer", "strict": True, "schema": schema}
    return {**request, "response_format": {"type": "json_schema", "json_schema": described}}


def with_pattern(request: Mapping[str, Any], pattern: str, dialect: Dialect) -> dict[str, Any]:
    """The request for an answer of this pattern; the OpenAI API has no patterns."""
    if dialect is Dialect.VLLM:
        return {**request, "structured_outputs": {"regex": pattern}}
    return dict(request)


def with_digits(
    request: Mapping[str, Any], dialect: Dialect, *, pattern: str = DIGITS_PATTERN
) -> dict[str, Any]:
    """The request for five digits, with the probabilities of the alternatives at each place."""
    with_logprobs = {**request, "logprobs": True, "top_logprobs": TOP_LOGPROBS}
    return with_pattern(with_logprobs, pattern, dialect)


def continued(prompt: Prompt, dialect: Dialect) -> Prompt:
    """The prompt with the prefix of its answer, for servers that can continue an answer.

    Another server would answer anew, so it gets no prefix: its whole answer is parsed.
    """
    return prompt if dialect is Dialect.VLLM else replace(prompt, answer_prefix="")


def without_constraint(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request for a free answer, for a server that refuses constrained ones."""
    return {
        key: value
        for key, value in request.items()
        if key not in ("structured_outputs", "response_format")
    }
