"""The settings of one SFT, GRPO or DPO run, read from a TOML file, each with its reason."""

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
from shared.vlm.checkpoint.pixel_limits import MAX_PIXELS, PixelLimits
from training.finetuning.data.rows import GRPO_TASKS, GrpoTask
from training.finetuning.data.simulated import TASKS, Task
from training.rewards.accuracy import AccuracyKind
from training.rewards.reward import Advantages, Weights

Layers = Literal["language_model", "language_model_and_connector", "all"]
"""The parts of a model whose linear layers are trained."""


class Section(BaseModel):
    """Base of all sections: frozen, and unknown keys are refused, so a typing error is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Policy(Section):
    """The model that is trained, and which part of it."""

    base: Path = Path("shared/nano")
    """Folder of a vision-language checkpoint in the Hugging Face layout, with a chat template; it
    is not changed."""
    adapter: Path | None = None
    """An adapter folder to continue with (GRPO after SFT); without it a new adapter starts."""
    prompt_style: str | None = None
    """The prompts that are trained and later served; without it those that the manifest of the
    adapter or base names, or `general` where these have none."""
    prompt_template: Path | None = None
    """File with the user's template, for a prompt style that has one (`preferthinker`)."""
    element_weights: ElementWeights | None = None
    """Weights of the elements in the totals of rewards and, later, of serving; without it those of
    the adapter or base."""
    rank: PositiveInt = 16
    """Rank of the low-rank updates: enough for one task, 1 % of a 7B model's weights."""
    alpha: PositiveInt = 32
    """Updates are scaled by alpha / rank = 2, the usual value of PEFT."""
    layers: Layers = "language_model"
    """Which linear layers are trained: of the language model; with "language_model_and_connector"
    also those between the vision tower and it; with "all" the vision tower as well. vLLM ignores
    updates of connector and tower, so serve such an adapter in process or merge it. An adapter that
    is continued keeps its layers; those that are not named here stay as they are."""
    min_pixels: PositiveInt | None = None
    max_pixels: PositiveInt = MAX_PIXELS
    """Fewest and most pixels of an image, as PREFERSTREAM_MODEL_MIN_PIXELS and
    PREFERSTREAM_MODEL_MAX_PIXELS in serving. Lower them where a prompt with ten images is too long
    for the memory."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Type of weights and sums. Most CPUs emulate half precision, which is slow."""
    gradient_checkpointing: bool = False
    """Compute forward passes twice to save memory; a 7B model needs it, nano does not."""

    @property
    def pixel_limits(self) -> PixelLimits:
        """Fewest and most pixels of an image."""
        return PixelLimits(self.min_pixels, self.max_pixels)


class Data(Section):
    """The training data."""

    source: Path | tuple[Path, ...] | None = None
    """One or several files of cases (GRPO) or examples (SFT) in JSON lines; also PreferThinker's
    training rows, and files or the folder of PreferImg-Bench. Without it PreferSim draws users."""
    images: Path | tuple[Path, ...] | None = None
    """Folder of the images of `source`, or one for each file; without it `images` next to a file of
    released rows, or the file's folder."""
    bad_rows: Literal["refuse", "skip"] = "refuse"
    """A row that cannot be used ends the run with its line and the reason, or is counted and
    skipped."""
    cases: PositiveInt = 400
    """Number of simulated users to draw, or the most rows to read from files."""
    seed: NonNegativeInt = 1
    multi: float = Field(default=0.5, ge=0, le=1)
    """Share of simulated users with two tastes."""
    level: Level = "easy"
    """Level of simulated users; "hard" draws cases as in the hard benchmark."""
    workers: PositiveInt = 1
    """Processes that draw simulated users. The first step waits until all are drawn."""

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files and folders of `source`; empty for simulated users."""
        return _as_tuple(self.source)

    @property
    def image_folders(self) -> tuple[Path, ...]:
        return _as_tuple(self.images)


class Run(Section):
    """The folder of a run, and its limits."""

    folder: Path
    """Everything that the run writes is inside. The same command on the same folder resumes."""
    seed: NonNegativeInt = 1
    steps: PositiveInt = 100
    """Optimizer steps."""
    minutes: PositiveFloat | None = None
    """Wall-clock budget over all resumptions. A run that reaches it ends early and completely."""
    save_every: PositiveInt = 25
    """Steps between checkpoints: a crash loses at most this many."""
    log_every: PositiveInt = 5
    threads: NonNegativeInt = 0
    """CPU threads; 0 lets torch choose, which is one a core."""
    mlflow: str | None = None
    """Tracking URI, or "off"; without it a SQLite file in the run's folder, if MLflow is
    installed."""
    spare_gigabytes: NonNegativeFloat = 1.0
    """Disk and memory to leave free for other processes."""


class Optimizing(Section):
    """The optimizer's settings."""

    learning_rate: PositiveFloat
    batch: PositiveInt
    """Rows in one pass of one process."""
    accumulation: PositiveInt = 1
    """Passes that are summed into one step; 1 x 8 gives the same result as 8 x 1."""
    warmup_steps: NonNegativeInt = 10
    decay_share: float = Field(0.0, ge=0, le=1)
    """Last share of the run in which the learning rate falls to zero; 0 keeps it constant.

    The run's steps or its minutes count, whichever end first.
    """
    gradient_norm: PositiveFloat = 1.0
    """Gradients are clipped to this norm."""
    kept_change: float = Field(1.0, gt=0, le=1)
    """Share of the low-rank updates, thus of the change from the base, that is kept at the end.
    Below 1 the model forgets less of what the base knows; updates that are spread over several
    processes need 1."""


class SftConfig(Section):
    """Settings of `python -m training.finetuning.sft.train`."""

    policy: Policy = Policy()
    data: Data = Data()
    run: Run
    optimizing: Optimizing = Optimizing(learning_rate=2e-4, batch=16)
    tasks: tuple[Task, ...] = TASKS
    """Each case gives one example for each task. A model forgets a task that is left out
    (training/LOG.md)."""
    varied_rationales: bool = True
    """Write rationales in several wordings. Nano's tokenizer knows only one, so its configuration
    sets this to false."""


class GrpoConfig(Section):
    """Settings of `python -m training.finetuning.grpo.train`."""

    policy: Policy = Policy()
    data: Data = Data()
    run: Run
    optimizing: Optimizing = Optimizing(learning_rate=1e-5, batch=16)
    tasks: tuple[GrpoTask, ...] = GRPO_TASKS
    """One task is drawn for each case, with equal chances; a task named twice is drawn twice as
    often."""
    group: int = Field(default=8, ge=2)
    """Completions of one prompt. With two, every advantage has the same size."""
    beta: NonNegativeFloat = 0.04
    """Weight of the KL divergence from the model at the start, as in the paper's released run."""
    epsilon: PositiveFloat = 0.2
    epsilon_high: PositiveFloat = 0.28
    """How far a token's probability may fall and rise in one batch of completions, as in the
    released run. It may rise further, so that rare answers can become common."""
    temperature: PositiveFloat = 1.0
    """Sampling temperature; 1 samples from the model's own distribution."""
    max_completion_length: PositiveInt | None = None
    """Tokens of a completion; a longer one is cut. Without it, those of the longest answer in
    serving to one of `tasks`, in the prompt style that is trained."""
    weights: Weights = Weights()
    advantages: Advantages = "grpo"
    """How rewards become advantages: "grpo" sums the rewards and subtracts the group's mean, "gdpo"
    normalizes each reward by itself first, "rloo" subtracts the mean of the other answers."""
    resample_rounds: NonNegativeInt = 2
    """Times in a step that prompts whose answers all earn the same are replaced by other prompts; 0
    only leaves them out. A round takes as long as generating and rewarding these groups."""
    accuracy: AccuracyKind = "probability"
    """How a pair counts that judges a predicted profile: by the order of its two totals ("share",
    as in the paper), or by the probability of that order. With the share, more groups of answers
    have equal rewards and teach nothing (decision 0153)."""
    reward_model: Path | None = None
    """Folder of the frozen model that ranks pairs by predicted profiles; without it the policy at
    its start, merged into the run's folder."""
    image_similarity: Literal["features", "dreamsim", "none"] = "features"
    """What compares images of profiles; with "none" only words are compared."""
    image_renderer: Literal["simulator", "server"] = "simulator"
    """What draws a profile: the simulator, which knows its own words and near ones, or the
    text-to-image server of PREFERSTREAM_IMAGE_GENERATOR, for profiles in any words."""

    @model_validator(mode="after")
    def _whole_pairs(self) -> "GrpoConfig":
        rows, pair = self.optimizing.batch * self.optimizing.accumulation, 2 * self.group
        if rows % pair:
            raise ValueError(
                f"batch x accumulation is {rows}, which must be a multiple of {pair}: both images"
                f" of a pair, {self.group} completions each, are rewarded together"
            )
        return self


class DpoConfig(Section):
    """Settings of `python -m training.finetuning.dpo.train`."""

    policy: Policy = Policy()
    data: Data = Data()
    run: Run
    optimizing: Optimizing = Optimizing(learning_rate=5e-6, batch=8)
    """`batch` counts pairs of profiles: a pass has twice as many answers."""
    beta: PositiveFloat = 0.1
    """How strongly the model is kept near its start, as in the paper (arXiv 2305.18290)."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    """Expected share of pairs whose better profile is in fact the worse one."""


def _as_tuple(paths: Path | tuple[Path, ...] | None) -> tuple[Path, ...]:
    if paths is None:
        return ()
    return (paths,) if isinstance(paths, Path) else paths


AnyConfig = SftConfig | GrpoConfig | DpoConfig
ConfigT = TypeVar("ConfigT", SftConfig, GrpoConfig, DpoConfig)


class BadConfig(Exception):
    """A run cannot start with its configuration; the text names the setting and what to do."""


def read_config(file: Path, kind: type[ConfigT]) -> ConfigT:
    """Raises `BadConfig`."""
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"{file} cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{file} is not TOML: {error}") from error
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}" for e in error.errors()
        )
        raise BadConfig(f"{file} is not a configuration of {kind.__name__}: {problems}") from error
