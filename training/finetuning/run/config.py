"""The settings of one SFT or GRPO run, read from a TOML file; every number with its reason."""

import tomllib
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from shared.domain.element_weights import ElementWeights
from shared.jobs.evaluation import Level
from training.finetuning.data.rows import GRPO_TASKS, GrpoTask
from training.finetuning.data.simulated import TASKS, Task
from training.rewards.reward import Weights


class Section(BaseModel):
    """Frozen, and a key that is not known is refused: a misspelled setting must not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Policy(Section):
    """The model that learns, and how much of it."""

    base: Path = Path("shared/nano")
    """Folder of a Qwen2.5-VL-like checkpoint in the Hugging Face layout; it stays as it is."""
    adapter: Path | None = None
    """An adapter folder to go on with (GRPO after SFT); without it a new one begins."""
    element_weights: ElementWeights | None = None
    """How much each element counts in the totals that are rewarded and, later, served; without it
    as much as in the adapter or base to go on with."""
    rank: PositiveInt = 16
    """Of the low-rank updates: enough for one task, and 1 % of a 7B model's weights."""
    alpha: PositiveInt = 32
    """Updates count alpha / rank = 2 times, PEFT's usual scale."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of weights and sums: half precision is emulated, and slow, on most CPUs."""
    gradient_checkpointing: bool = False
    """Computes forward passes twice to keep less in memory; a 7B needs it, nano does not."""


class Data(Section):
    """What is learned from."""

    source: Path | None = None
    """A file of cases (GRPO) or examples (SFT) in JSON lines; without it PreferSim draws them."""
    cases: PositiveInt = 400
    """Simulated people to draw, or the most to read of a file."""
    seed: NonNegativeInt = 1
    multi: float = Field(default=0.5, ge=0, le=1)
    """Share of simulated people with two tastes."""
    level: Level = "easy"
    """Of simulated people: "hard" draws what the hard benchmark asks."""
    workers: PositiveInt = 1
    """Processes that draw simulated people, where nothing else needs the cores: the first step
    waits for the last one drawn."""


class Run(Section):
    """Where a run lives, and what it may take."""

    folder: Path
    """Everything the run writes is inside; the same command on the same folder goes on."""
    seed: NonNegativeInt = 1
    steps: PositiveInt = 100
    """Optimizer steps."""
    minutes: PositiveFloat | None = None
    """Wall-clock budget, counted over every resumption; the run ends early, and whole, within."""
    save_every: PositiveInt = 25
    """Steps between checkpoints: as many are lost in a crash at most."""
    log_every: PositiveInt = 5
    threads: NonNegativeInt = 0
    """CPU threads; 0 leaves the choice to torch, one a core."""
    mlflow: str | None = None
    """Tracking address, or "off"; without it a SQLite file in the run's folder, where MLflow is
    installed."""
    spare_gigabytes: NonNegativeFloat = 1.0
    """Of disk and of memory, to be left free for whatever else the machine does."""


class Optimizing(Section):
    """How a step is made."""

    learning_rate: PositiveFloat
    batch: PositiveInt
    """Rows in one pass of one process."""
    accumulation: PositiveInt = 1
    """Passes summed up into one step; 1 x 8 gives what 8 x 1 gives."""
    warmup_steps: NonNegativeInt = 10
    gradient_norm: PositiveFloat = 1.0
    """Longer gradients are cut to this length."""


class SftConfig(Section):
    """`python -m training.finetuning.sft.train`."""

    policy: Policy = Policy()
    data: Data = Data()
    run: Run
    optimizing: Optimizing = Optimizing(learning_rate=2e-4, batch=16)
    tasks: tuple[Task, ...] = TASKS
    """One example a case for each; a task left out is forgotten (training/LOG.md)."""
    varied_reasons: bool = True
    """Say reasons in several ways; nano spells every other way in bytes, so its config does not."""


class GrpoConfig(Section):
    """`python -m training.finetuning.grpo.train`."""

    policy: Policy = Policy()
    data: Data = Data()
    run: Run
    optimizing: Optimizing = Optimizing(learning_rate=1e-5, batch=16)
    tasks: tuple[GrpoTask, ...] = GRPO_TASKS
    """One for each case, drawn evenly; named twice it is drawn twice as often."""
    group: int = Field(default=8, ge=2)
    """Answers to one question. Of two every advantage is plus or minus the same."""
    beta: NonNegativeFloat = 0.04
    """Weight of the divergence from the model at the start: the paper's released run."""
    epsilon: PositiveFloat = 0.2
    epsilon_high: PositiveFloat = 0.28
    """How far a token's probability may fall and rise from one batch of answers: the released run.
    Rising has more room, so that rare answers can become common."""
    temperature: PositiveFloat = 1.0
    """Answers are drawn as the model means them, neither bolder nor shyer."""
    longest: PositiveInt = 224
    """Tokens of an answer: what serving allows for five reasons; a longer one is cut."""
    weights: Weights = Weights()
    judge: Path | None = None
    """The folder of the frozen model that ranks pairs by predicted profiles; without it the policy
    as it starts, merged into the run's folder."""
    image_similarity: Literal["features", "dreamsim", "none"] = "features"
    """What compares drawings of profiles; "none" leaves the words alone to be compared."""

    @model_validator(mode="after")
    def _whole_pairs(self) -> "GrpoConfig":
        held, pair = self.optimizing.batch * self.optimizing.accumulation, 2 * self.group
        if held % pair:
            raise ValueError(
                f"batch x accumulation is {held}, which must be a multiple of {pair}: both images"
                f" of a pair, {self.group} answers each, are rewarded together"
            )
        return self


ConfigT = TypeVar("ConfigT", SftConfig, GrpoConfig)


class BadConfig(Exception):
    """A run cannot start as it is configured; the text says which setting and what to do."""


def read_config(file: Path, kind: type[ConfigT]) -> ConfigT:
    """Raises `BadConfig`."""
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"{file} cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{file} is not TOML: {error}") from error
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in error.errors()
        )
        raise BadConfig(f"{file} is not a configuration of {kind.__name__}: {wrong}") from error
