"""Plan an ablation: which row starts from which, and the configuration of each run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from training.rewards.reward import Weights

Row = Literal["base", "sft", "sft_continued", "grpo", "grpo_with_prediction"]
ROWS: Final[tuple[Row, ...]] = get_args(Row)
TITLES: Final[Mapping[Row, str]] = {
    "base": "base",
    "sft": "+ SFT",
    "sft_continued": "+ SFT continued, people and time of GRPO",
    "grpo": "+ GRPO",
    "grpo_with_prediction": "+ prediction reward",
}
METHOD: Final[tuple[Row, ...]] = ("base", "sft", "grpo", "grpo_with_prediction")
"""The method step by step; "SFT continued" is a control beside it."""
TRAINED: Final[tuple[Row, ...]] = ("sft", "grpo", "grpo_with_prediction", "sft_continued")
"""In the order of training: the continued SFT gets the time that GRPO took."""
SFT_ROWS: Final[tuple[Row, ...]] = ("sft", "sft_continued")
GROUP: Final = 8
"""Answers of one prompt in GRPO."""


@dataclass(frozen=True)
class Budget:
    """Limits of every run of a row."""

    minutes: float
    """Wall clock; a run that reaches it ends early and completely."""
    steps: int
    cases: int
    batch: int
    """SFT: examples of one step; GRPO: answers of one step."""
    threads: int = 0
    """0 lets torch choose."""


@dataclass(frozen=True)
class Step:
    """One training of the ablation; all rows but SFT start from the SFT of their seed."""

    row: Row
    seed: int

    @property
    def name(self) -> str:
        return f"{self.row}-{self.seed}"

    @property
    def starts_from(self) -> "Step | None":
        """The step whose adapter it continues with."""
        return None if self.row == "sft" else Step("sft", self.seed)

    @property
    def module(self) -> str:
        return (
            "training.finetuning.sft.train"
            if self.row in SFT_ROWS
            else "training.finetuning.grpo.train"
        )


def steps(seeds: int) -> Iterator[Step]:
    """Seed by seed, so that a stopped ablation has complete seeds."""
    for seed in range(1, seeds + 1):
        for row in TRAINED:
            yield Step(row, seed)


def continued_steps(*, grpo_seconds: float, sft_seconds: float, sft_steps: int) -> int:
    """Steps of SFT that take as long as GRPO did, by the time of the SFT of the same seed."""
    return max(1, round(sft_steps * grpo_seconds / sft_seconds))


def configuration(step: Step, *, base: Path, folder: Path, budget: Budget) -> dict[str, Any]:
    """The settings of a run (`training.finetuning.run.config`).

    The cases are hard. Each seed has its own cases, and the continued SFT has those of GRPO.
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
            "save_every": max(1, min(25, budget.steps // 4)),
            "threads": budget.threads,
            "mlflow": "off",
        },
    }
    if step.row in SFT_ROWS:
        return settings | {
            "varied_rationales": False,
            "optimizing": {"learning_rate": 5e-4, "batch": budget.batch},
        }
    # Only prediction is left to learn: with true profiles, SFT ranks 97.5 % of hard pairs
    # correctly. At a lower temperature, more answers are complete, as in serving.
    settings |= {"tasks": ["predict"], "max_completion_length": 64, "temperature": 0.7}
    settings |= {"group": GROUP}
    settings["optimizing"] = {"learning_rate": 1e-3, "batch": budget.batch, "warmup_steps": 3}
    # The two GRPO rows differ only in the prediction reward.
    settings["weights"] = {"prediction": 0.0 if step.row == "grpo" else Weights().prediction}
    return settings
