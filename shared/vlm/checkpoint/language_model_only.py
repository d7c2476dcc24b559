"""Check that an adapter changes the language model only, as a model server needs it."""

from pathlib import Path
from typing import Final

from safetensors import SafetensorError, safe_open

from shared.vlm.checkpoint.checkpoint import BadCheckpoint

LANGUAGE_MODEL_PARTS: Final = (".language_model.", ".text_model.")
"""Part of the name of every weight that a server can adapt; it ignores other weights silently. The
second is that of SmolVLM and Idefics3."""


def check_changes_language_model_only(folder: Path) -> None:
    """Raise `BadCheckpoint` for an adapter that changes more than the language model."""
    try:
        with safe_open(folder / "adapter_model.safetensors", "np") as weights:
            names = list(weights.keys())
    except (OSError, SafetensorError) as error:
        raise BadCheckpoint(f"{folder} cannot be read: {error}; copy it again") from error
    others = sorted(
        name for name in names if not any(part in name for part in LANGUAGE_MODEL_PARTS)
    )
    if others or not names:
        raise BadCheckpoint(
            f"{folder} changes {others[0] if others else 'nothing'}, but a model server changes"
            " the language model alone; train it with target modules there"
        )
