"""Measure a running system under load: candidates ranked per second, next to the engine alone.

python -m training.bench.pipeline prints one line of JSON; `preferstream bench pipeline` finds the
running system, calls it, and shows the result.

Several users request feeds of new images at once, so that the model never waits, and without
rationales, which the engine alone does not write either. There are two baselines in this process,
while the system is idle: our engine scores as many new images in batches; and the same while the
image encoder encodes them, which each feed by subject needs. The system also reads and describes
these images and writes the feeds to Kafka. The rounds alternate, so that other load on the machine
affects all. The users are erased at the end.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from PIL.Image import Image

from shared.client import AsyncClient, NoAnswer
from shared.domain.errors import Unavailable
from shared.embedding.images.encoders.errors import BadEncoder
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.factory import open_image_encoder
from shared.embedding.images.protocol import ImageEncoder
from shared.jobs.benchmark_result import BenchmarkResult, Measurement
from shared.messaging.client.settings import MessagingSettings
from shared.prompting.prediction_voting import taste_by_vote
from shared.settings import InvalidSettings, from_environment
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.protocol import PredictedTaste, ScoringInput, VisionLanguageModel
from shared.vlm.settings import ModelSettings
from training.bench.feeds import data_url, new_image, send_references
from training.evaluation.held_out.users import HeldOutUser, draw_held_out_users

USERS: Final = 8
"""Users who request feeds at the same time: 160 candidates in work fill the model's batches."""
FEEDS: Final = 4
"""Feeds of each user in a round, one after the other."""
SLATE: Final = 20
ROUNDS: Final = 3
REQUIRED: Final = 0.85
IDLE_SECONDS: Final = 10.0
"""Pause before the engine is measured alone: the system describes the new images meanwhile."""
TIMEOUT_SECONDS: Final = 180.0
TENANT: Final = "bench"
SEED: Final = 421


def new_images(users: Sequence[HeldOutUser], count: int) -> list[Image]:
    """The images of the users' pairs again and again, each with a pixel of its own."""
    drawn = [image for u in users for pair in u.pairs for image in (pair.better, pair.worse)]
    return [new_image(drawn[number % len(drawn)]) for number in range(count)]


async def engine_rate(
    model: VisionLanguageModel,
    users: Sequence[HeldOutUser],
    images: Sequence[Image],
    *,
    encoder: ImageEncoder | None = None,
) -> float:
    """Candidates per second of the engine alone: the same tastes and slates as the system.

    With an encoder, it encodes the same images meanwhile.
    """
    tastes = [taste_by_vote([PredictedTaste(user.likes, user.dislikes)]) for user in users]
    slates = [
        [ScoringInput(tastes[start // SLATE % len(tastes)], image) for image in part]
        for start in range(0, len(images), SLATE)
        if (part := images[start : start + SLATE])
    ]
    began = time.perf_counter()
    encoding = [encoder.encode([i.image for i in slate]) for slate in slates] if encoder else []
    await asyncio.gather(*(model.score(slate) for slate in slates), *encoding)
    return len(images) / (time.perf_counter() - began)


async def system_rate(app: AsyncClient, names: Sequence[str], images: Sequence[Image]) -> float:
    """Candidates per second from the first request to the last feed.

    Raises `NoAnswer` and `Unavailable`, and `RuntimeError` for a feed without the model.
    """
    run = uuid4().hex[:12]
    addresses = {f"{run}-{number}": data_url(image) for number, image in enumerate(images)}
    ids = list(addresses)
    slates = [ids[start : start + SLATE] for start in range(0, len(ids), SLATE)]

    async def requests(number: int, name: str) -> None:
        for slate in slates[number :: len(names)]:
            images_of_slate = {image: addresses[image] for image in slate}
            feed = await app.rank(name, images_of_slate, explain="none", seconds=TIMEOUT_SECONDS)
            if feed.status != "ok":
                raise RuntimeError(f"a feed is {feed.status}: {feed.degraded_reason}")

    began = time.perf_counter()
    await asyncio.gather(*(requests(number, name) for number, name in enumerate(names)))
    return len(images) / (time.perf_counter() - began)


def summary(
    system: Sequence[float], engine: Sequence[float], both: Sequence[float], model: str
) -> BenchmarkResult:
    """Medians; each ratio is computed within each round first."""
    measures = tuple(
        Measurement(
            what="candidates ranked, Kafka in to Kafka out, new images",
            unit="/s",
            ours=statistics.median(system),
            baseline=statistics.median(baseline),
            baseline_is=f"{name}, in batches, in the process of the benchmark",
            ratio=statistics.median(a / b for a, b in zip(system, baseline, strict=True)),
            at_least=REQUIRED,
        )
        for name, baseline in (
            ("the engine alone", engine),
            ("the engine and the image encoder alone", both),
        )
    )
    conditions = {
        "model": model,
        "users": str(USERS),
        "candidates": f"{USERS * FEEDS * SLATE} a round",
        "rounds": str(len(system)),
    }
    return BenchmarkResult(benchmark="pipeline", measures=measures, conditions=conditions)


async def measure(
    messaging: MessagingSettings,
    model_settings: ModelSettings,
    encoder_settings: ImageEncoderSettings,
    *,
    rounds: int,
) -> BenchmarkResult:
    """Alternate the three; the first round warms up and is not counted."""
    from shared.vlm.engine.batching_engine import load_model

    users = draw_held_out_users(USERS, seed=SEED)
    names = [f"bench-{uuid4().hex[:12]}" for _ in users]
    count = USERS * FEEDS * SLATE
    system: list[float] = []
    engine: list[float] = []
    both: list[float] = []
    model = load_model(model_settings)
    try:
        async with (
            AsyncClient(messaging, tenant=TENANT) as app,
            open_image_encoder(encoder_settings) as encoder,
        ):
            try:
                await asyncio.gather(
                    *(
                        send_references(app, name, user, TIMEOUT_SECONDS)
                        for name, user in zip(names, users, strict=True)
                    )
                )
                for number in range(rounds + 1):
                    ours = await system_rate(app, names, new_images(users, count))
                    await asyncio.sleep(IDLE_SECONDS)
                    alone = await engine_rate(model, users, new_images(users, count))
                    images = new_images(users, count)
                    encoded = await engine_rate(model, users, images, encoder=encoder)
                    label = "warm-up" if number == 0 else f"round {number} of {rounds}"
                    print(
                        f"{label}: {ours:.0f} candidates per second, {alone:.0f} by the engine,"
                        f" {encoded:.0f} by engine and image encoder",
                        file=sys.stderr,
                        flush=True,
                    )
                    if number:
                        system.append(ours)
                        engine.append(alone)
                        both.append(encoded)
            finally:
                for name in names:
                    await app.erase(name)
    finally:
        model.close()
    return summary(system, engine, both, model.model_version)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.bench.pipeline", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    options = parser.parse_args()
    try:
        messaging, model = from_environment(MessagingSettings), from_environment(ModelSettings)
        encoder = from_environment(ImageEncoderSettings)
        result = asyncio.run(measure(messaging, model, encoder, rounds=options.rounds))
        print(result.model_dump_json())
    except (
        NoAnswer, Unavailable, InvalidSettings, BadCheckpoint, BadEncoder, RuntimeError,
    ) as error:  # fmt: skip
        print(f"preferstream: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
