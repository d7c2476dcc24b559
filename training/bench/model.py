"""Measure the model engine: scored candidates a second beside plain calls of the library.

python -m training.bench.model prints one line of JSON; `preferstream bench model` shows it.

Ours scores batches through the engine that serves. The baselines use the same weights, one image a
call, as anybody would with the library: `generate`, whose answer is then read, and one forward pass
whose digits are read as ours are. Runs take turns, so that whatever else the machine does strikes
all of them.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.jobs.benchmark_result import BenchmarkResult, Measurement
from shared.prompting.prediction_voting import taste_by_vote
from shared.settings import InvalidSettings, from_environment
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, shipped_folder
from shared.vlm.protocol import Candidate, PredictedTaste, References, VisionLanguageModel
from shared.vlm.settings import ModelSettings
from training.evaluation.held_out.users import draw_held_out_users

ROUNDS: Final = 5
BATCHED: Final = 96
"""Candidates that ours scores in a round: three full batches."""
SINGLE: Final = 12
"""Candidates that each baseline scores in a round: about as long as ours takes."""
PROMISED_RATIO: Final = 5.0
PROMISED_PREDICTION_SECONDS: Final = 0.5
USERS: Final = 8
SEED: Final = 417
"""Of users whom no evaluation asks about."""


@dataclass(frozen=True)
class Speeds:
    """One round: candidates a second of ours and of both baselines, and a prediction's seconds."""

    ours: float
    generate: float
    forward: float
    predict_seconds: float


def candidates_and_references() -> tuple[list[Candidate], References]:
    """Drawings of simulated users, each with that user's taste, and ten references of one."""
    users = draw_held_out_users(USERS, seed=SEED)
    asked = [
        Candidate(taste_by_vote([PredictedTaste(user.likes, user.dislikes)]), image)
        for user in users
        for pair in user.pairs
        for image in (pair.better, pair.worse)
    ]
    return asked[:BATCHED], users[0].references


def rate(one: Callable[[Candidate], object], candidates: Sequence[Candidate]) -> float:
    """Calls a second of a loop over candidates."""
    began = time.perf_counter()
    for candidate in candidates:
        one(candidate)
    return len(candidates) / (time.perf_counter() - began)


async def one_round(
    model: VisionLanguageModel,
    generate: Callable[[Candidate], object],
    forward: Callable[[Candidate], object],
    *,
    candidates: Sequence[Candidate],
    references: References,
) -> Speeds:
    began = time.perf_counter()
    await model.score(candidates)
    scored = time.perf_counter()
    await model.predict([references])
    predicted = time.perf_counter()
    few = candidates[:SINGLE]
    return Speeds(
        ours=len(candidates) / (scored - began),
        generate=rate(generate, few),
        forward=rate(forward, few),
        predict_seconds=predicted - scored,
    )


def summary(rounds: Sequence[Speeds], conditions: dict[str, str]) -> BenchmarkResult:
    """Medians over the rounds; a ratio is taken within each round first."""

    def beside(name: str, told: str, promised: float | None) -> Measurement:
        return Measurement(
            what="candidates scored, in batches",
            unit="/s",
            ours=statistics.median(r.ours for r in rounds),
            baseline=statistics.median(getattr(r, name) for r in rounds),
            baseline_is=told,
            ratio=statistics.median(r.ours / getattr(r, name) for r in rounds),
            at_least=promised,
        )

    predict = Measurement(
        what="one taste predicted from ten images",
        unit="s",
        ours=statistics.median(r.predict_seconds for r in rounds),
        at_most=PROMISED_PREDICTION_SECONDS,
    )
    single = "a loop of the library's `generate`, one image a call"
    forced = "a loop of the library's forward pass, one image a call, digits forced as ours"
    return BenchmarkResult(
        benchmark="model",
        measures=(
            beside("generate", single, PROMISED_RATIO),
            beside("forward", forced, None),
            predict,
        ),
        conditions=conditions,
    )


async def measure(settings: ModelSettings, *, rounds: int) -> BenchmarkResult:
    """Load the weights twice, for the engine and for the plain calls, and let them take turns."""
    import torch

    from shared.vlm.checkpoint.open_checkpoint import open_checkpoint
    from shared.vlm.engine.batching_engine import load_model
    from training.bench.plain_calls import PlainCalls

    candidates, references = candidates_and_references()
    model = load_model(settings)
    plain = PlainCalls(
        open_checkpoint(settings.model or shipped_folder(), device=settings.model_device)
    )
    try:
        found: list[Speeds] = []
        for number in range(rounds + 1):
            speeds = await one_round(
                model, plain.generate, plain.forward, candidates=candidates, references=references
            )
            told = "warming up" if number == 0 else f"round {number} of {rounds}"
            print(f"{told}: {speeds.ours:.0f} candidates a second", file=sys.stderr, flush=True)
            found += [] if number == 0 else [speeds]
    finally:
        model.close()
    conditions = {
        "model": model.model_version,
        "device": settings.model_device,
        "threads": str(torch.get_num_threads()),
        "batch": str(settings.model_batch),
        "rounds": str(rounds),
    }
    return summary(found, conditions)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.bench.model", description=__doc__)
    parser.add_argument("--model", type=Path, help="a model folder; default: the setting's")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    options = parser.parse_args()
    fixed = {"model": options.model} if options.model else {}
    try:
        settings = from_environment(ModelSettings, **fixed)
        print(asyncio.run(measure(settings, rounds=options.rounds)).model_dump_json())
    except (BadCheckpoint, InvalidSettings) as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
