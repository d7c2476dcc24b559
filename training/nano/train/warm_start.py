"""Start from the weights of an earlier release; tokens are matched by their text."""

import json
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForImageTextToText, AutoTokenizer

EMBEDDINGS: Final = "model.language_model.embed_tokens.weight"


@torch.no_grad()
def warm_start(folder: Path, model: Any, tokenizer: Any) -> str:
    """Copy every weight into the model, and return the version of the release.

    The embedding of a token that the release does not have stays as it is. Raises `ValueError` for
    a weight that is missing or has another shape.
    """
    version = str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["version"])
    release = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    old = dict(release.named_parameters())
    old_ids = AutoTokenizer.from_pretrained(folder).get_vocab()
    for name, weight in model.named_parameters():
        if name == EMBEDDINGS:
            shared = [
                (k, old_ids[token])
                for token, k in tokenizer.get_vocab().items()
                if token in old_ids
            ]
            new, previous = (torch.tensor(ids) for ids in zip(*shared, strict=True))
            weight[new] = old[name][previous]
        elif name not in old or old[name].shape != weight.shape:
            raise ValueError(f"{version} in {folder} has no {name} of shape {tuple(weight.shape)}.")
        else:
            weight.copy_(old[name])
    return version
