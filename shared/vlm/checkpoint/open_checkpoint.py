"""Load a checkpoint into this process and check that its files belong together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.utils.logging import disable_progress_bar

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine.hidden_import import hidden
from shared.vlm.engine.inputs.families import LoadedFiles, open_inputs
from shared.vlm.engine.inputs.protocol import ModelInputs

# transformers imports scikit-learn, pandas and scipy.stats for one function of assisted generation,
# which the engine does not use: a second and more of every start.
with hidden("sklearn"):
    from transformers import AutoModelForImageTextToText, AutoTokenizer, GenerationConfig


@dataclass(frozen=True)
class OpenedCheckpoint:
    """A loaded model with everything that a prompt for it needs."""

    model: Any
    tokenizer: Any
    device: torch.device
    inputs: ModelInputs
    end_tokens: Tensor
    """Tokens that end an answer."""
    repetition_penalty: float
    """The checkpoint's own one, for answers in free text; 1 changes nothing."""


def open_checkpoint(
    folder: Path, *, device: str = "auto", limits: PixelLimits | None = None
) -> OpenedCheckpoint:
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
    except Exception as error:
        # Several libraries read files here, each with its own errors; every broken file must end in
        # one clear sentence.
        raise BadCheckpoint(
            f"{folder} cannot be loaded: {error}; fetch the folder again"
        ) from error
    end_tokens = end_tokens_of(model, tokenizer, folder)
    penalty = model.generation_config.repetition_penalty or 1.0
    drop_generation_defaults(model, tokenizer, end_tokens)
    files = LoadedFiles(folder, model, tokenizer, limits or PixelLimits(), torch.device(device))
    inputs = open_inputs(files)
    return OpenedCheckpoint(
        model=model.to(device).eval(),
        tokenizer=tokenizer,
        device=torch.device(device),
        inputs=inputs,
        end_tokens=torch.tensor(end_tokens),
        repetition_penalty=float(penalty),
    )


def end_tokens_of(model: Any, tokenizer: Any, folder: Path) -> list[int]:
    """The tokens that end an answer; raises `BadCheckpoint` when there is none."""
    tokens = model.generation_config.eos_token_id
    if tokens is None:
        tokens = tokenizer.eos_token_id
    if tokens is None:
        raise BadCheckpoint(
            f"{folder} names no token that ends an answer; set eos_token_id in its"
            " generation_config.json"
        )
    return [int(token) for token in tokens] if isinstance(tokens, list) else [int(tokens)]


def drop_generation_defaults(model: Any, tokenizer: Any, end_tokens: list[int]) -> None:
    """Forget how a checkpoint samples by default: penalties, temperature, forbidden repetitions.

    They are made for free text. An answer in a fixed layout repeats its words and must be the most
    probable one, so only the special tokens stay.
    """
    pad = model.generation_config.pad_token_id
    if pad is None:
        pad = tokenizer.pad_token_id
    model.generation_config = GenerationConfig(
        eos_token_id=end_tokens,
        pad_token_id=end_tokens[0] if pad is None else pad,
        bos_token_id=model.generation_config.bos_token_id,
    )
