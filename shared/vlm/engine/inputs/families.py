"""Choose how the prompts of a checkpoint are prepared, by its architecture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image

from shared.vlm.checkpoint.checkpoint import BadCheckpoint, check_tokens
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.checkpoint.vision_config import VisionConfig
from shared.vlm.engine.inputs.chat_template import (
    placed_template,
    template_of,
    with_first_token,
    without_thoughts,
)
from shared.vlm.engine.inputs.processor_inputs import ProcessorInputs
from shared.vlm.engine.inputs.protocol import ModelInputs
from shared.vlm.engine.inputs.qwen_patches import QwenPatches
from shared.vlm.engine.inputs.tile_limits import limit_tiles


@dataclass(frozen=True)
class LoadedFiles:
    """A checkpoint's folder, model and tokenizer, and the limits of the settings."""

    folder: Path
    model: Any
    tokenizer: Any
    limits: PixelLimits
    device: torch.device

    @property
    def image_token(self) -> int:
        """The token of an image in the model's configuration."""
        config = self.model.config
        token = getattr(config, "image_token_id", getattr(config, "image_token_index", None))
        if token is None:
            raise BadCheckpoint(
                f"{self.folder} is a {config.model_type}, which puts no image tokens into its"
                " prompts; use a vision-language model with image tokens and a chat template"
            )
        return int(token)


def open_inputs(files: LoadedFiles) -> ModelInputs:
    """The inputs of a checkpoint; raises `BadCheckpoint`."""
    return FAMILIES.get(files.model.config.model_type, _by_processor)(files)


def _by_patches(files: LoadedFiles) -> ModelInputs:
    template = template_of(files.tokenizer, str(files.folder))
    files.tokenizer.chat_template = without_thoughts(files.tokenizer, template)
    try:
        vision = VisionConfig.read(files.folder)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadCheckpoint(
            f"{files.folder} cannot be loaded: its preprocessor_config.json cannot be read:"
            f" {error}; fetch the folder again"
        ) from error
    inputs = QwenPatches(
        files.tokenizer,
        vision.limited(files.limits),
        device=files.device,
        dtype=files.model.dtype,
    )
    _check_tokens(files, image_token=inputs.image_token)
    return inputs


def _by_processor(files: LoadedFiles) -> ModelInputs:
    processor = load_processor(files.folder, files.model.config, files.limits)
    _check_tokens(files, image_token=int(processor.image_token_ids[0]))
    return ProcessorInputs(
        processor, limits=files.limits, device=files.device, dtype=files.model.dtype
    )


def image_scaler(
    folder: Path, model_type: str, limits: PixelLimits
) -> Callable[[Image.Image], Image.Image]:
    """How serving scales an image before the model's own rule; training scales in the same way.

    The library's processor then scales nothing. It keeps proportions, while serving makes images
    square for a model with one image size: such a model would see other grids in serving.
    """
    if model_type in FAMILIES:
        return VisionConfig.read(folder).limited(limits).scaled
    return limits.scaled


def load_processor(folder: Path, config: Any, limits: PixelLimits) -> Any:
    """The processor of a checkpoint for serving and training; raises `BadCheckpoint`.

    Its template keeps images at their places, it pads on the left, and it has the limits of tiles,
    as has the model's `config` where both must agree.
    """
    from transformers import AutoProcessor

    try:
        processor: Any = AutoProcessor.from_pretrained(folder)
    except ImportError as error:
        raise BadCheckpoint(
            f"the processor of {folder} needs a package: {str(error).strip()}; install those of all"
            ' processors with pip install "preferstream[checkpoints]"'
        ) from error
    except Exception as error:
        # Several libraries read these files, each with its own errors.
        raise BadCheckpoint(f"the processor of {folder} cannot be loaded: {error}") from error
    if not hasattr(processor, "image_processor") or not hasattr(processor, "image_token"):
        raise BadCheckpoint(
            f"{folder} has no processor with image tokens (it has a {type(processor).__name__});"
            " use a vision-language checkpoint with its preprocessor_config.json"
        )
    template = placed_template(processor, name=str(folder))
    template = without_thoughts(processor.tokenizer, template)
    template = with_first_token(processor.tokenizer, template)
    processor.chat_template = processor.tokenizer.chat_template = template
    processor.tokenizer.padding_side = "left"
    if processor.tokenizer.pad_token_id is None:
        processor.tokenizer.pad_token = processor.tokenizer.eos_token
    limit_tiles(processor.image_processor, config, limits)
    return processor


def _check_tokens(files: LoadedFiles, *, image_token: int) -> None:
    check_tokens(
        files.folder,
        tokens=len(files.tokenizer),
        rows=files.model.get_input_embeddings().num_embeddings,
        image_token=image_token,
        expected_image_token=files.image_token,
    )


FAMILIES: Final[Mapping[str, Callable[[LoadedFiles], ModelInputs]]] = {
    "qwen2_5_vl": _by_patches,
    "qwen3_vl": _by_patches,
}
"""Architectures with inputs of their own, by `model_type`; all others use their processor."""
