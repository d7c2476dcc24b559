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
    from transformers import AutoTokenizer

    from shared.vlm.engine.chosen_digits import digit_tokens

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokens = digit_tokens(tokenizer)
    except BadCheckpoint as error:
        return Finding("digits", "wrong", str(error), "use another checkpoint")
    except Exception as error:
        # Several libraries read these files, each with its own errors.
        return Finding("digits", "wrong", f"the tokenizer cannot be read: {error}",
                       "fetch the folder again")  # fmt: skip
    several = sum(len(ids) > 1 for ids in tokens)
    detail = f"{len(tokenizer)} tokens; each digit has a token of its own"
    return Finding(
        "digits", "ok", detail + (f", {several} digits with and without a space" * (several > 0))
    )
