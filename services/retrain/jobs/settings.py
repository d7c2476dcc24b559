"""Settings of training jobs: schedule, budget, folders, and what a winner gets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from services.retrain.registry.settings import RegistrySettings
from shared.images.settings import ImageSettings
from shared.jobs.training_methods import DEFAULT_METHODS, Methods
from shared.settings import from_environment
from shared.vlm.settings import ModelSettings

NEVER: Final = "never"


class JobSettings(BaseModel):
    """Settings of training jobs."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    data_dir: Path = Path(".data")
    """Folder of all state of one machine; training jobs and models are below it, unless their
    folders are set."""
    night_at: str = Field(default="02:30", pattern=r"^(([01]\d|2[0-3]):[0-5]\d|never)$")
    """Time of day at which nightly training starts, `HH:MM`, or `never`: fewest users wait for
    feeds at that time, and training uses all cores. One job starts on each day: a time that
    daylight saving time skips is moved by the length of the gap, and of a repeated time the first
    counts."""
    night_timezone: str = "UTC"
    """Time zone of `night_at`, for example `Europe/Berlin`; UTC has no daylight saving time."""
    training_minutes: PositiveFloat = 240.0
    """Minutes for training and evidence together; promotion comes after. A job that starts at
    02:30 then ends before the first users of the morning."""
    training_jobs_dir: Path | None = None
    """Folder of the training jobs; without it, `training-jobs` in the data folder."""
    training_jobs_kept: PositiveInt = 14
    """Number of ended jobs whose reports and evidence are kept; images and checkpoints are deleted
    at the end of each job."""
    training_methods: Methods = DEFAULT_METHODS
    """Training methods of a job in their order, of `sft`, `grpo` and `dpo`; each continues the
    adapter of the one before."""
    training_sft_config: Path | None = None
    """TOML file of SFT; without it, the file for preferthinker-nano on a CPU."""
    training_grpo_config: Path | None = None
    """TOML file of GRPO; without it, the file for preferthinker-nano on a CPU."""
    training_dpo_config: Path | None = None
    """TOML file of DPO; without it, the file for preferthinker-nano on a CPU."""
    gate_min_users: PositiveInt = 50
    """Held-out users that a verdict of the gate needs; with fewer, nothing is trained. Below about
    thirty the intervals of a bootstrap over users are too narrow."""
    gate_min_pairs: PositiveInt = 200
    """Pairs of held-out users that a verdict needs; with fewer, not even a gain of ten points is
    outside its interval."""
    promotion_canary_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the users that a winner serves before it is promoted; 0 promotes at once."""
    promotion_shadow_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the requests that a winner scores in shadow before it is promoted."""
    canary_check_minutes: PositiveFloat = 15.0
    """Minutes between two checks of a canary: a bad canary does little harm in that time, and
    feedback has time to arrive."""

    @model_validator(mode="after")
    def _zone_exists(self) -> Self:
        try:
            ZoneInfo(self.night_timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"night_timezone {self.night_timezone!r} is not a time zone"
            ) from error
        return self

    @property
    def jobs_dir(self) -> Path:
        """The folder of the training jobs."""
        return self.training_jobs_dir or self.data_dir / "training-jobs"


@dataclass(frozen=True)
class TrainingSettings:
    """All settings of training jobs and promotions; those of collecting are separate."""

    jobs: JobSettings
    registry: RegistrySettings
    model: ModelSettings
    allowed_file_roots: tuple[Path, ...] = ()

    @staticmethod
    def read(*, data_dir: Path | None = None, roots: tuple[Path, ...] = ()) -> "TrainingSettings":
        """Read the environment; `data_dir` overrides it, and `roots` are added to its roots."""
        overrides = {} if data_dir is None else {"data_dir": data_dir}
        return TrainingSettings(
            jobs=from_environment(JobSettings, **overrides),
            registry=from_environment(RegistrySettings),
            model=from_environment(ModelSettings),
            allowed_file_roots=(*from_environment(ImageSettings).allowed_file_roots, *roots),
        )
