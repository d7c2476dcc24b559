"""Read the tokenizer of a checkpoint alone, without its weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from transformers import AutoProcessor, AutoTokenizer

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.engine.chosen_digits import digit_tokens


def digits_of_folder(folder: Path) -> tuple[int, int]:
    """The number of tokens, and the most tokens that one digit has; raises `BadCheckpoint`."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except Exception as error:
        # Several libraries read these files, each with its own errors.
        raise BadCheckpoint(f"the tokenizer of {folder} cannot be read: {error}") from error
    return len(tokenizer), max(len(tokens) for tokens in digit_tokens(tokenizer))


def count_tokens(folder: Path, texts: Sequence[str]) -> int:
    """The tokens of these texts in the checkpoint's tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return sum(len(tokenizer.encode(text, add_special_tokens=False)) for text in texts)


def image_tokens_of_folder(folder: Path, image: Image.Image) -> int:
    """The tokens that an image adds to a prompt; raises `BadCheckpoint`."""
    try:
        processor: Any = AutoProcessor.from_pretrained(folder)
        with_image, without = (
            processor.apply_chat_template(
                [{"role": "user", "content": [*images, {"type": "text", "text": "x"}]}],
                add_generation_prompt=True,
            )
            for images in ([{"type": "image"}], [])
        )
        longer = len(processor(text=[with_image], images=[image])["input_ids"][0])
        shorter = len(processor(text=[without])["input_ids"][0])
    except Exception as error:
        # Several libraries read these files, each with its own errors.
        raise BadCheckpoint(f"the processor of {folder} cannot be used: {error}") from error
    return longer - shorter
