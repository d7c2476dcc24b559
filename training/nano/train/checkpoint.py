"""Save and resume a training; a crash loses at most the steps since the last checkpoint."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText

from shared.files.atomic_write import atomic_file
from training.nano.train.optimizer import Optimizer


def save_checkpoint(
    path: Path, model: Any, optimizer: Optimizer, *, step: int, recipe: str = ""
) -> None:
    """Write weights, optimizer and the next step, atomically.

    Batches are drawn from (seed, step), so the step is the whole state of the data. `recipe` names
    everything else that must be the same in a resumed training.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
        "recipe": recipe,
    }
    with atomic_file(path) as stream:
        torch.save(state, stream)


def resume(path: Path, model: Any, optimizer: Optimizer, *, recipe: str = "") -> int:
    """Load the checkpoint at `path` and return the next step; 0 where there is no checkpoint.

    Raises `ValueError` for a checkpoint of another recipe.
    """
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True, map_location="cpu")
    if state.get("recipe", "") != recipe:
        raise ValueError(
            f"{path} was trained with {state.get('recipe')!r}, this run uses {recipe!r}:"
            " give another path, or remove the file to start again."
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def load_weights(path: Path, model: Any) -> None:
    """Load the weights of a checkpoint, of a file with weights only, or of a release folder."""
    if not path.exists():
        raise FileNotFoundError(f"No checkpoint at {path}: run the previous stage first.")
    if path.is_dir():
        release = AutoModelForImageTextToText.from_pretrained(path, dtype=torch.float32)
        model.load_state_dict(release.state_dict())
        return
    state = torch.load(path, weights_only=True, map_location="cpu")
    model.load_state_dict(state.get("model", state))
