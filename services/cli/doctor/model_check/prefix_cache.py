"""Check that a server computes the same start of two prompts only once."""

import re
from collections.abc import Mapping
from typing import Any, Final

from services.cli.doctor.model_check.finding import Finding
from services.cli.doctor.model_check.probe_images import blocky
from services.cli.doctor.model_check.speed import usage_of
from shared.domain.errors import Unavailable, Unprocessable
from shared.prompting.prompt import Part, Prompt
from shared.vlm.server.chat import completion_request
from shared.vlm.server.connection import Connection, NotFound
from shared.vlm.server.data_urls import LimitedSize

NAME: Final = "prefix cache"
HITS: Final = re.compile(r"^vllm:(?:gpu_)?prefix_cache_hits(?:_total)?(?:\{[^}]*\})? (\S+)", re.M)
ADVICE: Final = (
    "start vLLM with --enable-prefix-caching; some architectures lose the cache once they read"
    " images, and each candidate then pays for the whole prompt"
)
TEXT: Final = "The visual taste of one person follows, and then an image. "
REPEATS: Final = (100, 20, 4)
"""Lengths of the prefix that are tried: some servers cache 1,024 tokens or more, and some models
read fewer."""


async def check_prefix_cache(server: Connection, name: str) -> Finding:
    """Whether the second of two equal requests finds the first one's prefix.

    By the count in its own response (`usage.prompt_tokens_details.cached_tokens`), or by vLLM's
    metrics, which count the requests of other clients as well.
    """
    request = await _accepted_request(server, name)
    before = await _hits(server)
    response = await server.complete(request)
    after = await _hits(server)
    counted = _cached_tokens(usage_of(response))
    reused = counted
    if reused is None and before is not None and after is not None:
        reused = after - before
    if reused is None:
        return Finding(
            NAME, "note", "the server reports no cached tokens, in its answers or under /metrics",
            "start vLLM with --enable-prompt-tokens-details to see them; otherwise compare the"
            " times of two equal requests",
        )  # fmt: skip
    figures = {"reused_tokens": float(reused)}
    if reused > 0:
        detail = f"the second of two equal requests reused {reused:.0f} tokens"
        return Finding(NAME, "ok", detail, "", figures)
    detail = "the second of two equal requests reused nothing"
    return Finding(NAME, "note", detail, ADVICE, figures)


async def _accepted_request(server: Connection, name: str) -> Mapping[str, Any]:
    """The request with the longest prefix that the model reads, after its first response."""
    image = LimitedSize(224).data_url(blocky(21))
    for repeats in REPEATS:
        parts = (Part("text", TEXT * repeats), Part("image"), Part("text", "Name one color of it."))
        request = completion_request(Prompt(parts, ""), [image], model=name, max_tokens=4)
        try:
            await server.complete(request)
        except Unprocessable:
            if repeats == REPEATS[-1]:
                raise
            continue
        return request
    raise AssertionError("unreachable")


def _cached_tokens(usage: dict[str, Any]) -> float | None:
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return float(cached) if isinstance(cached, int) else None


async def _hits(server: Connection) -> float | None:
    try:
        text = await server.get("metrics")
    except (NotFound, Unavailable, Unprocessable):
        return None
    counts = HITS.findall(text) if isinstance(text, str) else []
    return sum(map(float, counts)) if counts else None
