"""Begin with the weights of an earlier release instead of nothing: words are matched by name."""

import json
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForImageTextToText, AutoTokenizer

EMBEDDINGS: Final = "model.language_model.embed_tokens.weight"


@torch.no_grad()
def begin_with(folder: Path, model: Any, tokenizer: Any) -> str:
    """Copy every weight; a word that the earlier release did not have keeps its beginning.

    Returns the release's version. Raises `ValueError` where a weight has another shape.
    """
    version = str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["version"])
    earlier = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    old = dict(earlier.named_parameters())
    known = AutoTokenizer.from_pretrained(folder).get_vocab()
    for name, weight in model.named_parameters():
        if name == EMBEDDINGS:
            shared = [
                (k, known[word]) for word, k in tokenizer.get_vocab().items() if word in known
            ]
            here, there = (torch.tensor(places) for places in zip(*shared, strict=True))
            weight[here] = old[name][there]
        elif name not in old or old[name].shape != weight.shape:
            raise ValueError(f"{version} in {folder} has no {name} of shape {tuple(weight.shape)}.")
        else:
            weight.copy_(old[name])
    return version
