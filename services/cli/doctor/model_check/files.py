"""Check the files of a checkpoint in a folder: its version, its prompts and its digits."""

import json
from pathlib import Path
from typing import Final

from PIL import Image

from services.cli.doctor.model_check.finding import Finding
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, check_files
from shared.vlm.checkpoint.default_style import default_style
from shared.vlm.checkpoint.model_package import read_prompt_style
from shared.vlm.settings import ModelSettings

SIDE: Final = 448
IMAGES: Final = 10
TEXT_TOKENS: Final = 1_200
"""The text of a prediction's prompt and its answer."""


def check_folder(folder: Path, settings: ModelSettings) -> list[Finding]:
    """The files are complete, each digit has a token, and an image takes a known number of them."""
    try:
        version = check_files(folder)
        style = read_prompt_style(folder)
    except BadCheckpoint as error:
        return [Finding("files", "wrong", str(error), "fetch the folder again")]
    try:
        default = default_style(settings)
    except BadCheckpoint as error:
        return [Finding("prompts", "wrong", str(error), "correct the setting")]
    chosen = (style or default).name
    source = "its manifest" if style else "PREFERSTREAM_PROMPT_STYLE"
    files = Finding("files", "ok", f"{version}; prompts: {chosen}, by {source}")
    return [files, _digits(folder), _image_tokens(folder)]


def _digits(folder: Path) -> Finding:
    # Imported here: transformers takes seconds, and a server needs it not.
    from shared.vlm.engine.tokenizer_check import digits_of_folder

    try:
        tokens, per_digit = digits_of_folder(folder)
    except BadCheckpoint as error:
        return Finding("digits", "wrong", str(error), "use another checkpoint")
    detail = f"{tokens} tokens; each digit has a token of its own"
    if per_digit > 1:
        detail += ", with and without a space before it"
    return Finding("digits", "ok", detail)


def _image_tokens(folder: Path) -> Finding:
    """How many tokens a picture takes, and whether ten references fit the model's context."""
    from shared.vlm.engine.tokenizer_check import image_tokens_of_folder

    name = "image tokens"
    try:
        tokens = image_tokens_of_folder(folder, Image.new("RGB", (SIDE, SIDE), "gray"))
    except BadCheckpoint as error:
        advice = "fetch the folder again, with its chat template and its processor"
        return Finding(name, "wrong", str(error), advice)
    figures = {"tokens_per_image": float(tokens)}
    detail = f"a picture of {SIDE} x {SIDE} pixels takes {tokens} tokens"
    if tokens < 1:
        advice = "the processor puts no image into a prompt: fetch it again"
        return Finding(name, "wrong", detail, advice, figures)
    most = _context(folder)
    needed = IMAGES * tokens + TEXT_TOKENS
    if most is not None and needed > most:
        detail += f"; a profile from {IMAGES} needs about {needed}, and the model reads {most}"
        advice = "lower the pixels of its images: `max_pixels` in preprocessor_config.json"
        return Finding(name, "note", detail, advice, figures)
    of = f" of {most}" if most is not None else ""
    detail += f"; a profile from {IMAGES} needs about {needed}{of}"
    return Finding(name, "ok", detail, "", figures)


def _context(folder: Path) -> int | None:
    """The longest prompt of the language model; None where it is not named."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        text = {**config, **config.get("text_config", {})}
        return int(text["max_position_embeddings"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
