"""Measure the ranking of slates by the assessor in this process, without Kafka.

python -m training.bench.ranking prints one line of JSON; `preferstream bench ranking` shows it.

It measures described slates that are ranked without the model, and slates of mostly known images.
Both go through all steps of the assessor on the embedded store, from the request to the feed that
is passed to Kafka's client; loading the images is not part of it.
"""

import argparse
import asyncio
import logging
import sys

from shared.jobs.benchmark_result import BenchmarkResult
from shared.runtime.responsiveness import keep_event_loop_responsive
from shared.settings import InvalidSettings, from_environment
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.settings import ModelSettings
from training.bench.ranking.embedding_tier import measure_embedding_tier
from training.bench.ranking.kept_scores import measure_kept_scores

REQUESTS = 300
ROUNDS = 5


async def measure(settings: ModelSettings, *, requests: int, rounds: int) -> BenchmarkResult:
    """Both measurements; raises `BadCheckpoint`."""
    from shared.vlm.engine.batching_engine import load_model

    # The garbage collector and the switches of threads as in the services.
    keep_event_loop_responsive()
    by_description = await measure_embedding_tier(requests=requests)
    model = await asyncio.to_thread(load_model, settings)
    try:
        kept = await measure_kept_scores(model, rounds=rounds)
    finally:
        model.close()
    conditions = {
        "model": model.model_version,
        "requests": f"{requests} a size",
        "rounds": str(rounds),
    }
    return BenchmarkResult(
        benchmark="ranking", measures=(*by_description, *kept), conditions=conditions
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.bench.ranking", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS, help=f"default {REQUESTS}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    options = parser.parse_args()
    logging.getLogger("services").setLevel(logging.ERROR)
    try:
        settings = from_environment(ModelSettings)
        result = asyncio.run(measure(settings, requests=options.requests, rounds=options.rounds))
        print(result.model_dump_json())
    except (BadCheckpoint, InvalidSettings) as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
