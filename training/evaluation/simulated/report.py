"""The proof of a model: its metrics on both simulated benchmarks, and its description accuracy."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.vlm.protocol import VisionLanguageModel
from training.evaluation.simulated.cases import Truth
from training.evaluation.simulated.description_accuracy import description_accuracy
from training.evaluation.simulated.evaluate import Answers, evaluate
from training.evaluation.simulated.metrics import Metrics, metrics
from training.statistics.calibration import Calibration
from training.statistics.interval import Share

ALL_SETS = "all"
"""Key of the metrics over the users of all sets of a level."""


@dataclass(frozen=True)
class Proof:
    """Everything measured of one model."""

    model_version: str
    seed: int
    checksums: Mapping[str, str]
    """Of the benchmarks, by level."""
    levels: Mapping[str, Mapping[str, Metrics]]
    """By level and set; the last set is all sets together."""
    described: Mapping[str, Mapping[str, Share]]
    """Description accuracy by kind of image and element."""

    def calibrations(self) -> dict[str, Calibration]:
        return {level: splits[ALL_SETS].calibration for level, splits in self.levels.items()}


async def prove(model: VisionLanguageModel, benchmarks: Mapping[str, Truth], *, seed: int) -> Proof:
    """Evaluate every user of every benchmark, and the descriptions of known images."""
    levels: dict[str, Mapping[str, Metrics]] = {}
    for level, truth in benchmarks.items():
        of_all_sets: list[Answers] = []
        splits: dict[str, Metrics] = {}
        for split, cases in truth.splits.items():
            answers = await evaluate(model, cases)
            splits[split] = metrics(answers, seed=seed)
            of_all_sets += answers
            print(f"{level}, {split}: {len(answers)} users", flush=True)
        levels[level] = {**splits, ALL_SETS: metrics(of_all_sets, seed=seed)}
    return Proof(
        model_version=model.model_version,
        seed=seed,
        checksums={level: truth.checksum for level, truth in benchmarks.items()},
        levels=levels,
        described=await description_accuracy(model, seed=seed),
    )
