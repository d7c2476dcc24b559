"""When a night begins, what it may take, and where it works."""

from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator


class NightSettings(BaseModel):
    """Settings of the nightly training."""

    model_config = ConfigDict(frozen=True)

    data_dir: Path = Path(".data")
    """Folder of all state of one machine; nights and models lie in it unless they are named."""
    night_at: str = Field(default="02:30", pattern=r"^(([01]\d|2[0-3]):[0-5]\d|never)$")
    """Time of day at which a night begins, `HH:MM`, or `never`: fewest people wait for feeds then,
    and the training takes every core."""
    night_zone: str = "UTC"
    """Time zone of `night_at`, as `Europe/Berlin`."""
    night_minutes: PositiveFloat = 240.0
    """Minutes that training and evidence may take together; promotion comes after. From 02:30 it is
    then over before the morning's readers."""
    night_dir: Path | None = None
    """Folder of the nights' work; without it, `nights` in the data folder."""
    nights_kept: PositiveInt = 14
    """Nights whose datasets' reports and evidence are kept; images and checkpoints go at once."""
    night_sft_config: Path | None = None
    """TOML file of the SFT; without it, the one for preferthinker-nano on a CPU."""
    night_grpo_config: Path | None = None
    """TOML file of the GRPO, likewise."""
    night_canary_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the users on whom a winner is tried out before it takes over; 0: at once."""
    night_shadow_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the requests that a winner scores unseen before it takes over."""
    canary_watch_minutes: PositiveFloat = 15.0
    """Minutes between two looks at a model that is tried out; what it can spoil until then is
    little, and what is judged has had time to come in."""

    @model_validator(mode="after")
    def _zone_exists(self) -> Self:
        try:
            ZoneInfo(self.night_zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"night_zone {self.night_zone!r} is no time zone") from error
        return self

    @property
    def nights(self) -> Path:
        return self.night_dir or self.data_dir / "nights"
