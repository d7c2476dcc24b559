"""Measure images and tokens a second, and estimate the cost of a thousand candidates."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from services.cli.doctor.model_check.answers import example_taste
from services.cli.doctor.model_check.finding import Finding
from services.cli.doctor.model_check.probe_images import blocky, blurred
from shared.prompting.prompt import Part, Prompt
from shared.vlm.factory import Model
from shared.vlm.protocol import ScoredInput, ScoringInput
from shared.vlm.server.chat import completion_request
from shared.vlm.server.connection import Connection
from shared.vlm.server.data_urls import LimitedSize

SLATE: Final = 20
SLOW_SECONDS: Final = 30.0
"""A slate that takes longer than this misses the default deadline of a request."""
ANSWERS: Final = 4
"""Long answers that are written at once, to count their tokens."""
ANSWER_TOKENS: Final = 64
LONGEST_SIDE: Final = 448
TOKENS_NAME: Final = "tokens"
DESCRIBE_FREELY: Final = Prompt(
    (Part("image"), Part("text", "Describe this image in detail, in several sentences.")), ""
)


async def check_speed(model: Model, *, price_per_hour: float | None) -> Finding:
    """The time of one slate, after a first one that warms up."""
    taste = example_taste()
    images = [blocky(n) if n % 2 else blurred(n) for n in range(SLATE)]
    candidates = [ScoringInput(taste, image) for image in images]
    await model.score(candidates[:2])
    start = time.perf_counter()
    await model.score(candidates)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    await model.describe(images[:4])
    described = 4 / (time.perf_counter() - start)
    per_second = SLATE / seconds
    figures = {"images_scored_per_second": per_second, "images_described_per_second": described}
    detail = (
        f"a slate of {SLATE} in {seconds:.2f} s: {per_second:.1f} images scored and"
        f" {described:.1f} described a second"
    )
    if price_per_hour is not None:
        cost = price_per_hour / 3600 / per_second * 1000
        figures["cost_per_1000_candidates"] = cost
        detail += f"; 1,000 candidates cost {cost:.4f} at {price_per_hour:g} an hour"
    else:
        detail += "; give --price-per-hour for the cost of 1,000 candidates"
    if seconds > SLOW_SECONDS:
        return Finding(
            "speed", "note", detail,
            "feeds will be degraded at their deadline: use a GPU, a smaller model or smaller images"
            " (PREFERSTREAM_MODEL_SERVER_LONGEST_SIDE), or longer deadlines", figures,
        )  # fmt: skip
    return Finding("speed", "ok", detail, "", figures)


async def check_tokens(model: Model, folder: Path) -> Finding:
    """Tokens a second of rationales, which are the longest answers in serving."""
    # Imported here: transformers takes seconds, and a server needs it not.
    from shared.vlm.engine.tokenizer_check import count_tokens

    candidates = [ScoringInput(example_taste(), blocky(n)) for n in range(ANSWERS)]
    scored = [
        ScoredInput(candidate, scores)
        for candidate, scores in zip(candidates, await model.score(candidates), strict=True)
    ]
    start = time.perf_counter()
    explained = await model.explain(scored)
    seconds = time.perf_counter() - start
    texts = [text for rationales in explained for text in rationales.by_element.values()]
    if not texts:
        return Finding(
            TOKENS_NAME, "note", "no rationale can be read, so their tokens are not counted",
            "see the check of the rationales",
        )  # fmt: skip
    tokens = count_tokens(folder, texts)
    detail = f"{tokens} tokens of rationales in {seconds:.2f} s: {tokens / seconds:.0f} a second"
    return Finding(TOKENS_NAME, "ok", detail, "", {"tokens_per_second": tokens / seconds})


async def check_server_tokens(server: Connection, name: str) -> Finding:
    """Tokens a second of several free answers at once, as the server counts them."""
    encoder = LimitedSize(LONGEST_SIDE)
    requests = [
        completion_request(
            DESCRIBE_FREELY, [encoder.data_url(blocky(40 + number))], model=name,
            max_tokens=ANSWER_TOKENS,
        )
        for number in range(ANSWERS)
    ]  # fmt: skip
    start = time.perf_counter()
    responses = await asyncio.gather(*(server.complete(request) for request in requests))
    seconds = time.perf_counter() - start
    usages = [usage_of(response) for response in responses]
    written = _sum(usages, "completion_tokens")
    if not written:
        return Finding(
            TOKENS_NAME, "note", "the server counts no tokens (usage.completion_tokens)",
            "images a second are above; nothing else depends on it",
        )  # fmt: skip
    read = _sum(usages, "prompt_tokens")
    detail = (
        f"{ANSWERS} answers at once: {written / seconds:.0f} tokens a second written,"
        f" {read / seconds:.0f} read"
    )
    figures = {
        "tokens_per_second": written / seconds,
        "prompt_tokens_per_second": read / seconds,
    }
    return Finding(TOKENS_NAME, "ok", detail, "", figures)


def usage_of(response: Any) -> dict[str, Any]:
    """The token counts of a response; empty where the server gives none."""
    usage = response.get("usage") if isinstance(response, dict) else None
    return usage if isinstance(usage, dict) else {}


def _sum(usages: Sequence[dict[str, Any]], name: str) -> int:
    return sum(usage[name] for usage in usages if isinstance(usage.get(name), int))
