"""Save a training where it stands, and take it up again; a crash loses at most one interval."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText

from shared.files.atomic_write import atomic_file
from training.nano.train.optimizer import Optimizer


def save_checkpoint(
    path: Path, model: Any, optimizer: Optimizer, *, step: int, recipe: str = ""
) -> None:
    """Weights, optimizer and the next step, written whole or not at all.

    Batches are drawn from (seed, step), so the step is all there is to remember of the data;
    `recipe` names whatever else must be the same for a resumed training to be the same.
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
    """Take up the training at `path`; the step to go on with, 0 when there is none."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True, map_location="cpu")
    if state.get("recipe", "") != recipe:
        raise ValueError(
            f"{path} was trained as {state.get('recipe')!r}, this run is {recipe!r}:"
            " give another path, or remove the file to begin anew."
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def load_weights(path: Path, model: Any) -> None:
    """Only the weights: of a checkpoint, of a file that holds nothing but weights, or of the folder
    of a release."""
    if not path.exists():
        raise FileNotFoundError(f"No checkpoint at {path}: run the stage before this one first.")
    if path.is_dir():
        released = AutoModelForImageTextToText.from_pretrained(path, dtype=torch.float32)
        model.load_state_dict(released.state_dict())
        return
    state = torch.load(path, weights_only=True, map_location="cpu")
    model.load_state_dict(state.get("model", state))
