"""Settings of the model: which checkpoint, in this process or at a server, and its batches."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    model_validator,
)

from shared.prompting.styles.registry import style_names
from shared.vlm.background_work import Pace
from shared.vlm.checkpoint.pixel_limits import MAX_PIXELS, PixelLimits

LEAST_BATCH_AT_SERVER: Final = 8
"""Smallest background batch at a model server: it computes requests at the same time, and an answer
takes it nearly as long for one image as for eight."""


def _known_style(name: str) -> str:
    if name not in style_names():
        raise ValueError(f"expected {' or '.join(style_names())}")
    return name


class ModelSettings(BaseModel):
    """Settings of the model engine, in this process or at a server."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    model: Path | None = None
    """Folder of a vision-language checkpoint in the Hugging Face layout, with a chat template;
    without it, the preferthinker-nano in `shared/nano/`, which ships with the release."""
    prompt_style: Annotated[str, AfterValidator(_known_style)] = "general"
    """How a model without our manifest is asked: `general` explains the elements and asks for JSON,
    for any instruction-tuned vision-language model; `compact` suits a model that was trained on our
    short prompts; `preferthinker` is the official layout of PreferThinker checkpoints, and needs
    PREFERSTREAM_PROMPT_TEMPLATE. The manifest of a model that we trained names its own style."""
    prompt_template: Path | None = None
    """File with the official prompt of a PreferThinker checkpoint: `{liked}`, `{disliked}`,
    `{image_a}` and `{image_b}` stand for the images; a system message, if any, comes first and ends
    with a line `---`. Preferstream does not contain this prompt."""
    model_device: str = "auto"
    """Device of the model, as torch names it: `cpu`, `cuda`, `cuda:1`; `auto` takes a GPU if there
    is one."""
    model_min_pixels: PositiveInt | None = None
    """Fewest pixels of an image that a model in this process sees; a smaller image is enlarged. A
    checkpoint's own limit applies where it is higher."""
    model_max_pixels: PositiveInt = MAX_PIXELS
    """Most pixels of an image that a model in this process sees, and with them the tokens of a
    prompt: the size of an image, the number of its tiles. A checkpoint's own limit applies where it
    is lower; Qwen2.5-VL would use up to twelve million pixels, which are 16,000 tokens."""
    model_threads: NonNegativeInt = 0
    """CPU threads of one forward pass; 0 leaves the choice to torch: one thread a core."""
    model_batch: PositiveInt = 32
    """Images in one forward pass: nano gains little beyond 16, and a large model runs out of
    memory first."""
    model_prediction_orders: PositiveInt = 1
    """Orders of the same images from which a taste is predicted; the majority counts. More than one
    helps a model that depends on the order, and takes as many times the time."""
    model_batch_wait_ms: float = Field(default=4.0, ge=0)
    """Milliseconds that the first request of a batch waits for others."""
    background_quiet_seconds: NonNegativeFloat = 0.2
    """Seconds without a request until a batch of background work uses the model: the description of
    new images, the indexing of the catalog, the evaluation of a challenger as a shadow."""
    background_max_pause_seconds: NonNegativeFloat = 10.0
    """Longest wait of background work while requests never end. It then computes one batch, about
    2 % of the time, so that it progresses under constant load. 0 lets it ignore requests."""
    background_batch_seconds: PositiveFloat = 0.25
    """Duration of a batch of background work, from which its number of images follows: a request
    that arrives in the middle waits no longer, or as long as for one image of a slower model."""
    model_server: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """Address of a vLLM server, `http://host:8000`, that runs the model instead of this process;
    `shared/vlm/server/README.md` explains how to start one."""
    model_server_key: SecretStr | None = None
    """The API key with which the server was started (`--api-key`)."""
    model_server_model: str | None = None
    """The model's name at the server; needed when the server has several models, or serves the
    checkpoint of PREFERSTREAM_MODEL under another name than its version."""
    model_server_concurrency: PositiveInt = 64
    """Requests that wait at the server at the same time: enough to fill its batches, few enough
    that a request near its deadline does not wait behind a thousand images."""
    model_server_timeout_seconds: PositiveFloat = 120.0
    """Seconds until an answer, queue included; a comparison by a large model has 2,000 tokens."""
    model_server_circuit_failures: PositiveInt = 5
    """Failures in a row after which requests to the model server fail at once, so that feeds are
    degraded within seconds and do not wait for their deadline."""
    model_server_circuit_open_seconds: PositiveFloat = 2.0
    """Seconds between two trial requests to a model server that keeps failing."""
    model_thinking: bool = False
    """Whether a model at a server, which can think before its answer, does so when it predicts a
    taste. Its thoughts are on the user's page. vLLM needs `--reasoning-parser` for it. Other
    answers always come at once."""
    model_thinking_tokens: PositiveInt = 1024
    """Most tokens of a chain of thought, besides those of the answer. A model that thinks without
    being asked to, at a server that cannot turn it off, gets them for every answer."""
    model_server_longest_side: PositiveInt = 1024
    """Pixels of the longer side of an image that is sent to the server; Qwen2.5-VL would use up to
    twelve million pixels of it, which are 16,000 tokens."""

    @model_validator(mode="after")
    def _ordered_pixels(self) -> "ModelSettings":
        if (self.model_min_pixels or 0) > self.model_max_pixels:
            raise ValueError(
                f"model_min_pixels is {self.model_min_pixels} and model_max_pixels"
                f" {self.model_max_pixels}: the least must not exceed the most"
            )
        return self

    @property
    def pixel_limits(self) -> PixelLimits:
        """The limits of a model in this process."""
        return PixelLimits(self.model_min_pixels, self.model_max_pixels)

    @property
    def background_pace(self) -> Pace:
        """How background work shares the model with requests."""
        return Pace(
            quiet_seconds=self.background_quiet_seconds,
            max_pause_seconds=self.background_max_pause_seconds,
            batch_seconds=self.background_batch_seconds,
            least_batch=LEAST_BATCH_AT_SERVER if self.model_server else 1,
        )
