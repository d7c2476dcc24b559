"""Choose the layers that are trained: of the language model and of the connector.

The vision tower stays as it is: a frozen tower encodes an image once for all completions of a
prompt. The connector turns what the tower sees into what the language model reads. vLLM silently
ignores updates of both.
"""

import re
from functools import partial
from typing import Any, Final

from training.finetuning.run.config import BadConfig

CONNECTORS: Final = ("merger", "deepstack_merger_list", "connector", "multi_modal_projector")
"""Names of the connector in Qwen-VL (the first two), in Idefics3 and SmolVLM, and in LLaVA."""


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


def connector_layers(model: Any) -> str | None:
    """A pattern for PEFT that matches the linear layers of the connector.

    None where it has none, as in Gemma 3, or is not known.
    """
    import torch

    names = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and not set(CONNECTORS).isdisjoint(name.split("."))
    ]
    return "|".join(re.escape(name) for name in names) or None


def train_only(adapted: Any, pattern: str) -> None:
    """Train only those updates of an adapter whose layers match; raises `BadConfig` without any.

    The library makes all updates of an adapter trainable whenever it switches between adapters, as
    it does for each answer of a frozen reference. So the other layers stay frozen by themselves.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, layer in adapted.get_base_model().named_modules():
        if isinstance(layer, BaseTunerLayer) and not re.fullmatch(pattern, name):
            layer.set_adapter = partial(_set_frozen, layer)
            layer.set_adapter(layer.active_adapters)
    if not any(weight.requires_grad for weight in adapted.parameters()):
        raise BadConfig(
            "policy.adapter changes no layer of policy.layers, so that nothing would be trained:"
            " name more layers, or start a new adapter"
        )


def _set_frozen(layer: Any, names: Any, inference_mode: bool = True) -> None:
    type(layer).set_adapter(layer, names, inference_mode=True)
