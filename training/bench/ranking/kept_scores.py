"""Rank slates of mostly known images, next to the same slates without scores kept."""

import hashlib
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.minilm import MiniLM
from shared.images.loader import LoadedImage
from shared.jobs.benchmark_result import Measurement
from shared.vlm.protocol import VisionLanguageModel
from training.bench.ranking.in_process import InProcessAssessor, open_assessor
from training.bench.ranking.users import MadeData, store_user
from training.evaluation.held_out.users import draw_held_out_users

SLATE: Final = 100
KNOWN: Final = 80
"""Images of a slate that were scored by the same taste before."""
REQUIRED: Final = 4.0
SEED: Final = 420


async def measure_kept_scores(model: VisionLanguageModel, *, rounds: int) -> list[Measurement]:
    """Milliseconds from the request to the feed, with scores kept and without.

    Both assessors rank the same slates in turns, on a store of their own; a slate has 80 known
    images and 20 new ones, which no store has seen. The images are in memory.
    """
    rng = np.random.default_rng(SEED)
    embedder, encoder = MiniLM(), PretrainedEncoder()
    user, *others = draw_held_out_users(2 + rounds * 2, seed=SEED)
    drawn = [
        image for other in others for pair in other.pairs for image in (pair.better, pair.worse)
    ]
    known = [_loaded(image) for image in drawn[:KNOWN]]
    times: dict[str, list[float]] = {"kept": [], "again": []}
    try:
        async with AsyncExitStack() as stack:
            assessors: dict[str, InProcessAssessor] = {}
            for name, entries in (("kept", 10_000), ("again", 0)):
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                assessor = await stack.enter_async_context(
                    open_assessor(
                        folder,
                        model,
                        embedder=embedder,
                        encoder=encoder,
                        score_cache_entries=entries,
                    )
                )
                data = MadeData(model.model_version, embedder, rng, encoder.dimension)
                await store_user(assessor, data, user)
                await assessor.rank(assessor.request(_named(known)))
                assessors[name] = assessor
            for number in range(rounds + 1):
                start = KNOWN + number * (SLATE - KNOWN)
                for name, assessor in assessors.items():
                    new = [_loaded(image) for image in drawn[start : start + SLATE - KNOWN]]
                    request = assessor.request(_named([*known, *new]))
                    began = time.perf_counter()
                    feed = await assessor.rank(request)
                    milliseconds = (time.perf_counter() - began) * 1000
                    times[name] += [milliseconds] if number else []  # the first one warms up
                    assert {item.tier for item in feed.items} == {"vlm"}
                print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
    finally:
        encoder.close()
        embedder.close()
    ratios = [again / kept for kept, again in zip(times["kept"], times["again"], strict=True)]
    return [
        Measurement(
            what=f"a slate of {SLATE}, of which {KNOWN} were scored before",
            unit="ms",
            ours=statistics.median(times["kept"]),
            baseline=statistics.median(times["again"]),
            baseline_is="the same slates with PREFERSTREAM_SCORE_CACHE_ENTRIES=0; ratio of speeds",
            ratio=statistics.median(ratios),
            at_least=REQUIRED,
        )
    ]


def _loaded(image: Image) -> LoadedImage:
    """The image with one pixel of its own, so that nothing has seen it before."""
    copy = image.convert("RGB")
    copy.putpixel((0, 0), tuple(secrets.token_bytes(3)))
    content_hash = hashlib.sha256(copy.tobytes()).hexdigest()
    return LoadedImage(f"https://example.com/{content_hash}.png", content_hash, copy)


def _named(images: Sequence[LoadedImage]) -> dict[str, LoadedImage]:
    return {image.content_hash[:12]: image for image in images}
