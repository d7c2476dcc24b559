"""Choose the layers that are trained: the linear layers of the language model, in any architecture.

The vision tower stays as it is. vLLM silently ignores its updates, and a frozen tower encodes an
image once for all completions of a prompt.
"""

import re
from typing import Any

from training.finetuning.run.config import BadConfig


def language_model_layers(model: Any) -> str:
    """A pattern for PEFT that matches the linear layers of the text decoder and no others.

    The decoder is the module that holds the embeddings of the tokens: `model.language_model` in
    most architectures, `model.text_model` in Idefics3 and SmolVLM. Raises `BadConfig`.
    """
    import torch

    embeddings = model.get_input_embeddings()
    path = next(name for name, module in model.named_modules() if module is embeddings)
    decoder = path.rpartition(".")[0]
    layers = f"{decoder}.layers" if decoder else "layers"
    names = dict.fromkeys(
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if name.startswith(f"{layers}.") and isinstance(module, torch.nn.Linear)
    )
    if not names:
        raise BadConfig(
            f"policy.base is a {type(model).__name__}, whose text decoder has no linear layers in"
            f" {layers!r}: train a model of another architecture"
        )
    last = decoder.rpartition(".")[2]
    if last == "language_model":  # the pattern of all adapters that we have written
        return rf".*language_model.*\.({'|'.join(names)})"
    return rf"{re.escape(layers)}\..*\.({'|'.join(names)})"
