"""Choose the layers that are trained: of the language model and of the connector.

The vision tower stays as it is: a frozen tower encodes an image once for all completions of a
prompt. The connector turns what it sees into what the language model reads. vLLM silently ignores
updates of both.
"""

import re
from typing import Any

from training.finetuning.run.config import BadConfig

CONNECTORS = ("merger", "connector", "multi_modal_projector")
"""Names of the connector in Qwen-VL, in Idefics3 and SmolVLM, and in LLaVA."""


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


def connector_layers(model: Any) -> str:
    """A pattern for PEFT that matches the linear layers of the connector; raises `BadConfig`."""
    import torch

    names = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and not set(CONNECTORS).isdisjoint(name.split("."))
    ]
    if not names:
        raise BadConfig(
            f"policy.base is a {type(model).__name__}, in which no connector is known"
            f" ({', '.join(CONNECTORS)}): set policy.layers to language_model"
        )
    return "|".join(re.escape(name) for name in names)
