"""Measure images a second, and estimate the cost of a thousand candidates."""

import time
from typing import Final

from services.cli.doctor.model_check.answers import example_taste
from services.cli.doctor.model_check.finding import Finding
from services.cli.doctor.model_check.probe_images import blocky, blurred
from shared.vlm.factory import Model
from shared.vlm.protocol import ScoringInput

SLATE: Final = 20
SLOW_SECONDS: Final = 30.0
"""A slate that takes longer than this misses the default deadline of a request."""


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
    detail = (
        f"a slate of {SLATE} in {seconds:.2f} s: {per_second:.1f} images scored and"
        f" {described:.1f} described a second"
    )
    if price_per_hour is not None:
        cost = price_per_hour / 3600 / per_second * 1000
        detail += f"; 1,000 candidates cost {cost:.4f} at {price_per_hour:g} an hour"
    if seconds > SLOW_SECONDS:
        return Finding(
            "speed", "note", detail,
            "feeds will be degraded at their deadline: use a GPU, a smaller model or smaller images"
            " (PREFERSTREAM_MODEL_SERVER_LONGEST_SIDE), or longer deadlines",
        )  # fmt: skip
    return Finding("speed", "ok", detail)
