"""Open a checkpoint in this process, and refuse one whose files do not belong together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from transformers import AutoModelForImageTextToText, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from shared.vlm.checkpoint.checkpoint import BadCheckpoint, check_tokens
from shared.vlm.checkpoint.vision_config import VisionConfig
from shared.vlm.engine.answer_layout import Skeleton, skeleton

IMAGE_PAD: Final = "<|image_pad|>"


@dataclass(frozen=True)
class Opened:
    """A model that is ready to answer, and what is needed to ask it."""

    model: Any
    tokenizer: Any
    device: torch.device
    vision: VisionConfig
    skeleton: Skeleton
    image_pad: int
    """Token of an image's place."""
    ends: Tensor
    """Tokens that end an answer."""


def open_checkpoint(folder: Path, *, device: str = "auto") -> Opened:
    """Everything in `folder`, on a GPU if there is one (`auto`); raises `BadCheckpoint`."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    # Half precision is emulated, and slow, on most CPUs.
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    # Weights of a few seconds need no bar of the library's own between our lines.
    disable_progress_bar()
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side="left")
        model: Any = AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype)
        vision = VisionConfig.read(folder)
    except Exception as error:
        # Several libraries read files here, each with errors of its own; whichever file is broken,
        # it must end in a sentence.
        raise BadCheckpoint(f"{folder} cannot be loaded: {error}") from error
    image_pad: int = tokenizer.convert_tokens_to_ids(IMAGE_PAD)
    check_tokens(
        folder,
        tokens=len(tokenizer),
        rows=model.get_input_embeddings().num_embeddings,
        image_token=image_pad,
        expected_image_token=model.config.image_token_id,
    )
    ends = model.generation_config.eos_token_id
    return Opened(
        model=model.to(device).eval(),
        tokenizer=tokenizer,
        device=torch.device(device),
        vision=vision,
        skeleton=skeleton(tokenizer),
        image_pad=image_pad,
        ends=torch.tensor(ends if isinstance(ends, list) else [ends]),
    )
