"""Read the tokenizer of a checkpoint alone, without its weights."""

from pathlib import Path

from transformers import AutoTokenizer

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
