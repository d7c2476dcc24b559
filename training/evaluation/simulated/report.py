"""The whole proof as values: both levels, all sets, and what the model names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.vlm.protocol import VisionLanguageModel
from training.evaluation.simulated.cases import Truth
from training.evaluation.simulated.description_accuracy import name_all
from training.evaluation.simulated.evaluate import Asked, ask
from training.evaluation.simulated.metrics import Counted, count
from training.statistics.calibration import Calibration
from training.statistics.interval import Share

TOGETHER = "all"
"""Stands for the users of all sets of a level."""


@dataclass(frozen=True)
class Proof:
    """One model, measured."""

    model_version: str
    seed: int
    checksums: Mapping[str, str]
    """Of the benchmarks, by level."""
    levels: Mapping[str, Mapping[str, Counted]]
    """By level and set, the last one being all sets together."""
    named: Mapping[str, Mapping[str, Share]]

    def calibrations(self) -> dict[str, Calibration]:
        return {level: splits[TOGETHER].calibration for level, splits in self.levels.items()}


async def prove(model: VisionLanguageModel, benchmarks: Mapping[str, Truth], *, seed: int) -> Proof:
    """Ask about every user of every benchmark, and have images named."""
    levels: dict[str, Mapping[str, Counted]] = {}
    for level, truth in benchmarks.items():
        everybody: list[Asked] = []
        splits: dict[str, Counted] = {}
        for split, cases in truth.splits.items():
            asked = await ask(model, cases)
            splits[split] = count(asked, seed=seed)
            everybody += asked
            print(f"{level}, {split}: {len(asked)} users", flush=True)
        levels[level] = {**splits, TOGETHER: count(everybody, seed=seed)}
    return Proof(
        model_version=model.model_version,
        seed=seed,
        checksums={level: truth.checksum for level, truth in benchmarks.items()},
        levels=levels,
        named=await name_all(model, seed=seed),
    )


def mean_accuracy(splits: Mapping[str, Counted], whose: str) -> float:
    """Of the sets, each counting the same, as the paper averages."""
    named: Sequence[Counted] = [counted for split, counted in splits.items() if split != TOGETHER]
    return sum(one.accuracy[whose].value for one in named) / len(named)
