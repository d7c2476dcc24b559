"""Measure the model engine: candidates scored per second, next to plain calls of Transformers.

python -m training.bench.model prints one line of JSON; `preferstream bench model` shows it.

Our engine, the one that serves, scores batches. The baselines use the same weights with one image
per call: `generate`, whose answer is parsed, and one forward pass, whose digits are read like ours.
The runs alternate, so that other load on the machine affects all of them.
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
from shared.vlm.protocol import PredictedTaste, References, ScoringInput, VisionLanguageModel
from shared.vlm.settings import ModelSettings
from training.evaluation.held_out.users import draw_held_out_users

ROUNDS: Final = 5
BATCHED: Final = 96
"""Candidates that our engine scores in a round: three full batches."""
SINGLE: Final = 12
"""Candidates that each baseline scores in a round; it takes about as long as our engine."""
REQUIRED_RATIO: Final = 5.0
MAX_PREDICTION_SECONDS: Final = 0.5
USERS: Final = 8
SEED: Final = 417
"""Seed of the simulated users; no evaluation uses them."""


@dataclass(frozen=True)
class RoundSpeeds:
    """Results of one round: candidates per second, and seconds of a prediction."""

    ours: float
    generate: float
    forward: float
    predict_seconds: float


def candidates_and_references() -> tuple[list[ScoringInput], References]:
    """Images of simulated users, each with its user's taste, and ten references of one user."""
    users = draw_held_out_users(USERS, seed=SEED)
    candidates = [
        ScoringInput(taste_by_vote([PredictedTaste(user.likes, user.dislikes)]), image)
        for user in users
        for pair in user.pairs
        for image in (pair.better, pair.worse)
    ]
    return candidates[:BATCHED], users[0].references


def rate(score: Callable[[ScoringInput], object], candidates: Sequence[ScoringInput]) -> float:
    """Calls per second of `score` in a loop over candidates."""
    began = time.perf_counter()
    for candidate in candidates:
        score(candidate)
    return len(candidates) / (time.perf_counter() - began)


async def measure_round(
    model: VisionLanguageModel,
    generate: Callable[[ScoringInput], object],
    forward: Callable[[ScoringInput], object],
    *,
    candidates: Sequence[ScoringInput],
    references: References,
) -> RoundSpeeds:
    """Score with our engine, predict once, then score with both baselines."""
    began = time.perf_counter()
    await model.score(candidates)
    scored = time.perf_counter()
    await model.predict([references])
    predicted = time.perf_counter()
    few = candidates[:SINGLE]
    return RoundSpeeds(
        ours=len(candidates) / (scored - began),
        generate=rate(generate, few),
        forward=rate(forward, few),
        predict_seconds=predicted - scored,
    )


def summary(rounds: Sequence[RoundSpeeds], conditions: dict[str, str]) -> BenchmarkResult:
    """Medians over the rounds; a ratio is computed within each round first."""

    def compared_with(name: str, description: str, required: float | None) -> Measurement:
        return Measurement(
            what="candidates scored, in batches",
            unit="/s",
            ours=statistics.median(r.ours for r in rounds),
            baseline=statistics.median(getattr(r, name) for r in rounds),
            baseline_is=description,
            ratio=statistics.median(r.ours / getattr(r, name) for r in rounds),
            at_least=required,
        )

    predict = Measurement(
        what="one profile predicted from ten images",
        unit="s",
        ours=statistics.median(r.predict_seconds for r in rounds),
        at_most=MAX_PREDICTION_SECONDS,
    )
    single = "a loop of `generate` of Transformers, one image per call"
    forced = "a loop of forward passes of Transformers, one image per call, with our forced digits"
    return BenchmarkResult(
        benchmark="model",
        measures=(
            compared_with("generate", single, REQUIRED_RATIO),
            compared_with("forward", forced, None),
            predict,
        ),
        conditions=conditions,
    )


async def measure(settings: ModelSettings, *, rounds: int) -> BenchmarkResult:
    """Load the weights twice, for the engine and for the plain calls, and alternate the two."""
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
        counted: list[RoundSpeeds] = []
        for number in range(rounds + 1):
            speeds = await measure_round(
                model, plain.generate, plain.forward, candidates=candidates, references=references
            )
            label = "warm-up" if number == 0 else f"round {number} of {rounds}"
            print(f"{label}: {speeds.ours:.0f} candidates per second", file=sys.stderr, flush=True)
            counted += [] if number == 0 else [speeds]
    finally:
        model.close()
    conditions = {
        "model": model.model_version,
        "device": settings.model_device,
        "threads": str(torch.get_num_threads()),
        "batch": str(settings.model_batch),
        "rounds": str(rounds),
    }
    return summary(counted, conditions)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.bench.model", description=__doc__)
    parser.add_argument("--model", type=Path, help="a model folder; default: the setting")
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
