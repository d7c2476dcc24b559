"""Measure how many images a second the catalog service of a running system indexes.

PREFERSTREAM_ALLOWED_FILE_ROOTS=FOLDER preferstream up --json
PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS=... python -m training.bench.indexing FOLDER... --catalog URL

URL is that of the catalog service in the line of `preferstream up --json`. Each round publishes
other pictures of the folder, chosen by a seed, in a tenant of its own, and ends when all of them
are indexed or have failed. The images are removed at the end. Prints one line of JSON.
"""

import argparse
import asyncio
import random
import re
import secrets
import statistics
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.client import AsyncClient
from shared.domain.errors import Unavailable
from shared.images.picture_folder import picture_folder
from shared.jobs.benchmark_result import BenchmarkResult, Measurement
from shared.messaging.client.settings import MessagingSettings
from shared.settings import InvalidSettings, from_environment

ROUNDS: Final = 5
IMAGES: Final = 100
"""Images of one round."""
SEED: Final = 21
TIMEOUT_SECONDS: Final = 300.0
REQUIRED: Final = 15.0
"""Images a second on two cores."""
POLL_SECONDS: Final = 0.1
DONE: Final = re.compile(r"^preferstream_catalog_(?:indexed|failed)_total(?:{\S+})? (\S+)$", re.M)
FAILED: Final = re.compile(r"^preferstream_catalog_failed_total{\S+} (\S+)$", re.M)
CPU: Final = re.compile(r"^process_cpu_seconds_total (\S+)$", re.M)


@dataclass(frozen=True)
class Done:
    """Images that the service has finished since its start, and the CPU time of its process."""

    all: float
    failed: float
    cpu_seconds: float
    """All services of `preferstream up` are in one process, without the store and Kafka."""


def read_done(address: str) -> Done:
    """Read the counters of the catalog service at `http://host:port`; raises `OSError`."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=30) as response:
        text = response.read().decode()
    return Done(*(sum(map(float, pattern.findall(text))) for pattern in (DONE, FAILED, CPU)))


@dataclass(frozen=True)
class Round:
    """The speed of one round."""

    images_per_second: float
    cpu_ms_per_image: float
    """On a busy machine the rate follows from the others; this time hardly does."""


async def measure_round(app: AsyncClient, address: str, files: Sequence[Path]) -> Round:
    """The speed from the first publication until all images are done.

    Raises `TimeoutError` after five minutes, and `OSError`.
    """
    before = await asyncio.to_thread(read_done, address)
    began = time.perf_counter()
    await app.add_images({str(n): file.resolve().as_uri() for n, file in enumerate(files)})
    while (done := await asyncio.to_thread(read_done, address)).all < before.all + len(files):
        if time.perf_counter() - began > TIMEOUT_SECONDS:
            raise TimeoutError(f"not all of {len(files)} images were indexed within 5 minutes")
        await asyncio.sleep(POLL_SECONDS)
    seconds = time.perf_counter() - began
    cpu_ms = 1000 * (done.cpu_seconds - before.cpu_seconds)
    return Round(len(files) / seconds, cpu_ms / len(files))


async def measure(address: str, files: Sequence[Path], messaging: MessagingSettings) -> list[Round]:
    """All rounds; raises `Unavailable` and `OSError`.

    The images are removed after all rounds: tombstones would share the time of the next one.
    """
    run = secrets.token_hex(4)
    tenants = [f"bench-{run}-{number}" for number in range(ROUNDS)]
    rounds = []
    try:
        for number, tenant in enumerate(tenants):
            part = files[number * IMAGES : (number + 1) * IMAGES]
            async with AsyncClient(messaging, tenant=tenant) as app:
                rounds.append(await measure_round(app, address, part))
    finally:
        for tenant in tenants:
            async with AsyncClient(messaging, tenant=tenant) as app:
                await app.remove_images(*map(str, range(IMAGES)))
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the indexing of a running system.")
    parser.add_argument("folders", nargs="+", type=Path, help="folders with pictures")
    parser.add_argument("--catalog", required=True, help="http://host:port of the catalog service")
    arguments = parser.parse_args()
    files = [file for folder in arguments.folders for file in picture_folder(folder).files]
    if len(files) < ROUNDS * IMAGES:
        sys.exit(f"{len(files)} pictures found, but {ROUNDS * IMAGES} are needed; add a folder")
    chosen = random.Random(SEED).sample(sorted(files), ROUNDS * IMAGES)
    try:
        messaging = from_environment(MessagingSettings)
        rounds = asyncio.run(measure(arguments.catalog, chosen, messaging))
        done = read_done(arguments.catalog)
    except (InvalidSettings, Unavailable, OSError) as error:
        sys.exit(str(error))
    rates = [measured.images_per_second for measured in rounds]
    median = statistics.median(rates)
    cpu_ms = statistics.median(measured.cpu_ms_per_image for measured in rounds)
    result = BenchmarkResult(
        benchmark="indexing",
        conditions={
            "images a round": str(IMAGES),
            "rounds": str(ROUNDS),
            "first round": f"{rates[0]:.1f} images/s",
            "rounds from": f"{min(rates):.1f} to {max(rates):.1f} images/s",
            "CPU time of an image": f"{cpu_ms:.0f} ms",
            "failed since the start": f"{done.failed:.0f}",
        },
        measures=[
            Measurement(
                what="new images from Kafka to their index, median of the rounds",
                ours=median,
                unit="images/s",
                baseline=REQUIRED,
                baseline_is="the required rate on two cores",
                ratio=median / REQUIRED,
                at_least=1.0,
            )
        ],
    )
    print(result.model_dump_json())


if __name__ == "__main__":
    main()
