"""Check the files of a checkpoint in a folder: its version, its prompts and its digits."""

from pathlib import Path

from services.cli.doctor.model_check.finding import Finding
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, check_files
from shared.vlm.checkpoint.model_package import read_prompt_style
from shared.vlm.settings import ModelSettings


def check_folder(folder: Path, settings: ModelSettings) -> list[Finding]:
    """The files are complete, and the tokenizer has a token for each digit."""
    try:
        version = check_files(folder)
        style = read_prompt_style(folder)
    except BadCheckpoint as error:
        return [Finding("files", "wrong", str(error), "fetch the folder again")]
    chosen = style.name if style else settings.prompt_style
    source = "its manifest" if style else "PREFERSTREAM_PROMPT_STYLE"
    files = Finding("files", "ok", f"{version}; prompts: {chosen}, by {source}")
    return [files, _digits(folder)]


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
