"""Which model answers, and how it shares the machine."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt


class ModelSettings(BaseModel):
    """Settings of the in-process engine."""

    model_config = ConfigDict(frozen=True)

    model: Path | None = None
    """Folder of a Qwen2.5-VL-like checkpoint in the Hugging Face layout; without it, the
    preferthinker-nano that ships in `shared/nano/`."""
    model_device: str = "auto"
    """Where the model runs, as torch names it: `cpu`, `cuda`, `cuda:1`; `auto` takes a GPU if there
    is one."""
    model_threads: NonNegativeInt = 0
    """CPU threads of one forward pass; 0 leaves the choice to torch, one a core."""
    model_batch: PositiveInt = 32
    """Images in one forward pass: nano gains little beyond 16, and a large model runs out of
    memory first."""
    model_batch_wait_ms: float = Field(default=4.0, ge=0)
    """Milliseconds that a first request waits for others to share its pass."""
