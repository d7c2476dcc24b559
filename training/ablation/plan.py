"""Plan an ablation: which row starts from which, and the configuration of each run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from training.rewards.reward import Weights

Row = Literal["base", "sft", "grpo", "grpo_with_prediction"]
ROWS: Final[tuple[Row, ...]] = get_args(Row)
TITLES: Final[Mapping[Row, str]] = {
    "base": "base",
    "sft": "+ SFT",
    "grpo": "+ GRPO",
    "grpo_with_prediction": "+ prediction reward",
}


@dataclass(frozen=True)
class Budget:
    """Limits of every run of a row."""

    minutes: float
    """Wall clock; a run that reaches it ends early and completely."""
    steps: int
    cases: int


@dataclass(frozen=True)
class Step:
    """One training of the ablation; both kinds of GRPO start from the SFT of their seed."""

    row: Row
    seed: int

    @property
    def name(self) -> str:
        return f"{self.row}-{self.seed}"

    @property
    def starts_from(self) -> "Step | None":
        """The step whose adapter it continues with."""
        return Step("sft", self.seed) if self.row.startswith("grpo") else None

    @property
    def module(self) -> str:
        return (
            "training.finetuning.sft.train"
            if self.row == "sft"
            else "training.finetuning.grpo.train"
        )


def steps(seeds: int) -> Iterator[Step]:
    """Seed by seed, so that a stopped ablation has complete seeds."""
    for seed in range(1, seeds + 1):
        for row in ROWS[1:]:
            yield Step(row, seed)


def configuration(step: Step, *, base: Path, folder: Path, budget: Budget) -> dict[str, Any]:
    """The settings of a run (`training.finetuning.run.config`).

    The cases are hard, and each seed and stage has its own cases.
    """
    settings: dict[str, Any] = {
        "policy": {"base": str(base)},
        "data": {
            "level": "hard",
            "cases": budget.cases,
            "seed": 100 * step.seed + (1 if step.row == "sft" else 2),
        },
        "run": {
            "folder": str(folder),
            "seed": step.seed,
            "steps": budget.steps,
            "minutes": budget.minutes,
            "mlflow": "off",
        },
    }
    if step.row == "sft":
        return settings | {
            "varied_rationales": False,
            "optimizing": {"learning_rate": 5e-4, "batch": 16},
        }
    # Only prediction is left to learn: with true profiles, SFT ranks 97.5 % of hard pairs
    # correctly. At a lower temperature, more answers are complete, as in serving.
    settings |= {"tasks": ["predict"], "max_completion_length": 64, "temperature": 0.7}
    settings["optimizing"] = {"learning_rate": 1e-3, "batch": 128, "warmup_steps": 3}
    # The two GRPO rows differ only in the prediction reward.
    settings["weights"] = {"prediction": 0.0 if step.row == "grpo" else Weights().prediction}
    return settings
