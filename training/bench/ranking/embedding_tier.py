"""Rank described slates without the model, and measure each request in milliseconds."""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.minilm import MiniLM
from shared.jobs.benchmark_result import Measurement
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from training.bench.ranking.in_process import open_assessor
from training.bench.ranking.users import MadeData, random_images, store_descriptions, store_user
from training.evaluation.held_out.users import draw_held_out_users

LIMITS_MS: Final = {25: (3.0, 6.0), 100: (7.0, 10.0), 300: (20.0, 24.0)}
"""p50 and p99 by the size of the slate: the times that Metarank publishes for its ranking."""
IMAGES: Final = 3_000
"""Described images from which the slates are drawn."""
MAX_SLATE: Final = max(LIMITS_MS)
SEED: Final = 419


class ModelOutage:
    """A model whose circuit breaker is open: each call fails at once."""

    model_version = "bench-1"
    element_weights: ElementWeights = EQUAL_WEIGHTS

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        raise self._error

    async def describe(self, images: Sequence[object]) -> list[Description]:
        raise self._error

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        raise self._error

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        raise self._error

    @property
    def _error(self) -> Unavailable:
        return Unavailable("model", "the benchmark ranks without it")


async def measure_embedding_tier(*, requests: int) -> list[Measurement]:
    """p50 and p99 of each size: from the request to the feed that is ready for Kafka.

    The images are in memory, with descriptions and vectors in the embedded store. Each request has
    another slate of them. They were ranked once before, so that the process has their vectors in
    memory; the user's profile is read for each request.
    """
    rng = np.random.default_rng(SEED)
    embedder, encoder = MiniLM(), PretrainedEncoder()
    model = ModelOutage()
    measures: list[Measurement] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with open_assessor(
                Path(folder), model, embedder=embedder, encoder=encoder, score_cache_entries=0
            ) as assessor:
                (user,) = draw_held_out_users(1, seed=SEED)
                data = MadeData(model.model_version, embedder, rng, encoder.dimension)
                await store_user(assessor, data, user)
                images = random_images(IMAGES, rng)
                await store_descriptions(assessor, data, images)
                for start in range(0, IMAGES, MAX_SLATE):
                    part = range(start, start + MAX_SLATE)
                    await assessor.rank(assessor.request({f"image-{k}": images[k] for k in part}))
                for size, (p50, p99) in LIMITS_MS.items():
                    times: list[float] = []
                    for _ in range(requests):
                        chosen = rng.choice(IMAGES, size, replace=False)
                        request = assessor.request({f"image-{k}": images[k] for k in chosen})
                        began = time.perf_counter()
                        feed = await assessor.rank(request)
                        times.append((time.perf_counter() - began) * 1000)
                        assert {item.tier for item in feed.items} == {"embedding"}
                        assert all(item.subject is not None for item in feed.items)
                    name = f"a described slate of {size} ranked by the embedding tier"
                    median, high = np.quantile(times, [0.5, 0.99])
                    measures += [
                        Measurement(what=f"{name}, p50", unit="ms", ours=median, at_most=p50),
                        Measurement(what=f"{name}, p99", unit="ms", ours=high, at_most=p99),
                    ]
                    print(f"{name}: p50 {median:.1f} ms, p99 {high:.1f} ms", file=sys.stderr)
    finally:
        encoder.close()
        embedder.close()
    return measures
