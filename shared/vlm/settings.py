"""Which model answers, and how it shares the machine."""

from pathlib import Path

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
)


class ModelSettings(BaseModel):
    """Settings of the engine: in this process, or at a server."""

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
    model_prediction_orders: PositiveInt = 1
    """Orders of the same images in which a taste is asked; what most answers say counts. More than
    one helps a model that minds the order, and takes as many times the time."""
    model_batch_wait_ms: float = Field(default=4.0, ge=0)
    """Milliseconds that a first request waits for others to share its pass."""
    model_server: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """Address of a vLLM server, `http://host:8000`, that answers instead of this process; see
    `shared/vlm/server/README.md` for how to start one. Without it the model runs here."""
    model_server_key: SecretStr | None = None
    """The key that the server was started with (`--api-key`)."""
    model_server_model: str | None = None
    """What the server calls the model; needed when it serves several, or serves the checkpoint of
    PREFERSTREAM_MODEL under another name than its version."""
    model_server_at_once: PositiveInt = 64
    """Questions that wait at the server at once: enough to fill its batches, few enough that a
    request near its deadline does not stand behind a thousand images."""
    model_server_timeout_seconds: PositiveFloat = 120.0
    """Seconds to an answer, queue included; a comparison of a large model writes 2,000 tokens."""
    model_server_longest_side: PositiveInt = 1024
    """Pixels of the longer side of an image that is sent; a Qwen2.5-VL would take twelve million
    pixels of it, which are 16,000 tokens."""
