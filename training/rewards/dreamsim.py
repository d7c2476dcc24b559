"""Compare images with DreamSim, the paper's choice, if its package is installed."""

from typing import Any

from PIL.Image import Image


class DreamSimSimilarity:
    """1 minus DreamSim's distance. The package downloads its weights when it is first used."""

    def __init__(self, *, device: str = "cpu") -> None:
        try:
            from dreamsim import dreamsim
        except ImportError as error:
            raise ModuleNotFoundError(
                'images cannot be compared with "dreamsim", which is not installed: run'
                ' `pip install dreamsim`, or set image_similarity = "features" in the configuration'
            ) from error
        self._device = device
        self._model: Any
        self._prepare: Any
        self._model, self._prepare = dreamsim(pretrained=True, device=device)

    def compare(self, first: Image, second: Image) -> float:
        import torch

        with torch.inference_mode():
            inputs = (self._prepare(image).to(self._device) for image in (first, second))
            distance = float(self._model(*inputs).item())
        return min(max(1.0 - distance, 0.0), 1.0)
