"""What an ablation trains: which row goes on from which, and the configuration of each run."""

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
    """What every run of a row may take."""

    minutes: float
    """Wall clock; the run ends early, and whole, within."""
    steps: int
    cases: int


@dataclass(frozen=True)
class Step:
    """One training of the ablation; both kinds of GRPO go on from the SFT of their seed."""

    row: Row
    seed: int

    @property
    def name(self) -> str:
        return f"{self.row}-{self.seed}"

    @property
    def begins_with(self) -> "Step | None":
        """The step whose adapter it goes on with."""
        return Step("sft", self.seed) if self.row.startswith("grpo") else None

    @property
    def module(self) -> str:
        return "training.finetuning.sft.train" if self.row == "sft" else "training.finetuning.grpo.train"


def steps(seeds: int) -> Iterator[Step]:
    """Seed by seed, so that an ablation that is stopped early has whole seeds."""
    for seed in range(1, seeds + 1):
        for row in ROWS[1:]:
            yield Step(row, seed)


def configuration(step: Step, *, base: Path, folder: Path, budget: Budget) -> dict[str, Any]:
    """As `training.finetuning.run.config` reads it; hard cases, other ones for every seed and stage."""
    told: dict[str, Any] = {
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
        return told | {
            "varied_reasons": False,
            "optimizing": {"learning_rate": 5e-4, "batch": 16},
        }
    # What is left to learn is to predict: with the true taste told, SFT ranks 97.5 % of hard pairs.
    # Colder answers are more often whole, like those that are served.
    told |= {"tasks": ["predict"], "longest": 64, "temperature": 0.7}
    told["optimizing"] = {"learning_rate": 1e-3, "batch": 128, "warmup_steps": 3}
    # Whether there is a prediction reward is all that the two GRPO rows differ in.
    told["weights"] = {"prediction": 0.0 if step.row == "grpo" else Weights().prediction}
    return told


def as_toml(told: Mapping[str, Any]) -> str:
    """Plain values first, then one table a section."""
    plain = [f"{key} = {_value(one)}" for key, one in told.items() if not isinstance(one, Mapping)]
    tables = [
        "\n".join([f"[{key}]", *(f"{name} = {_value(one)}" for name, one in table.items())])
        for key, table in told.items()
        if isinstance(table, Mapping)
    ]
    return "\n\n".join([*(["\n".join(plain)] if plain else []), *tables]) + "\n"


def _value(one: object) -> str:
    if isinstance(one, bool):
        return str(one).lower()
    return f'"{one}"' if isinstance(one, str) else str(one)
