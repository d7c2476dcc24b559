"""Load a checkpoint into this process and check that its files belong together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from transformers.utils.logging import disable_progress_bar

from shared.vlm.checkpoint.checkpoint import BadCheckpoint, check_tokens
from shared.vlm.checkpoint.vision_config import VisionConfig
from shared.vlm.engine.hidden_import import hidden

# transformers imports scikit-learn, pandas and scipy.stats for one function of assisted generation,
# which the engine does not use: a second and more of every start.
with hidden("sklearn"):
    from transformers import AutoModelForImageTextToText, AutoTokenizer

IMAGE_PAD: Final = "<|image_pad|>"


@dataclass(frozen=True)
class OpenedCheckpoint:
    """A loaded model with everything that a prompt for it needs."""

    model: Any
    tokenizer: Any
    device: torch.device
    vision: VisionConfig
    image_pad: int
    """Token of one image token's place in a prompt."""
    end_tokens: Tensor
    """Tokens that end an answer."""


def open_checkpoint(folder: Path, *, device: str = "auto") -> OpenedCheckpoint:
    """Load `folder`; `auto` takes a GPU if there is one. Raises `BadCheckpoint`."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    # Half precision is emulated, and slow, on most CPUs.
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    # The library's progress bar would stand between our log lines.
    disable_progress_bar()
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side="left")
        model: Any = AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype)
        vision = VisionConfig.read(folder)
    except Exception as error:
        # Several libraries read files here, each with its own errors; every broken file must end in
        # one clear sentence.
        raise BadCheckpoint(
            f"{folder} cannot be loaded: {error}; fetch the folder again"
        ) from error
    image_pad: int = tokenizer.convert_tokens_to_ids(IMAGE_PAD)
    check_tokens(
        folder,
        tokens=len(tokenizer),
        rows=model.get_input_embeddings().num_embeddings,
        image_token=image_pad,
        expected_image_token=model.config.image_token_id,
    )
    end_tokens = model.generation_config.eos_token_id
    return OpenedCheckpoint(
        model=model.to(device).eval(),
        tokenizer=tokenizer,
        device=torch.device(device),
        vision=vision,
        image_pad=image_pad,
        end_tokens=torch.tensor(end_tokens if isinstance(end_tokens, list) else [end_tokens]),
    )
