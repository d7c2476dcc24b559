"""Encode images with EfficientNet-Lite0, which was trained on ImageNet."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from shared.domain.subjects.words import ShownWord
from shared.embedding.images.naming.class_words import sure_words, word_probabilities
from shared.embedding.protocol import Vectors

if TYPE_CHECKING:
    from shared.embedding.images.efficientnet_lite import EfficientNetLite0

NAME: Final = "efficientnet-lite0"
DIMENSION: Final = 1280
SIDE: Final = 224
"""Pixels of each side of the network's input; an image is stretched to a square."""
MEAN: Final = 127.0
SCALE: Final = 128.0
"""The input is (value - 127) / 128, as in the training of the weights."""
BATCH: Final = 4
"""Images in one forward pass. Their activations stay in the cache of a CPU: eight images take a
third more time for each."""
FEATURE_LENGTH: Final = 16.4
"""Length that a unit vector gets back before it is classified: the median of features of pictures
for development. The classes are therefore a function of the stored vector."""


class PretrainedEncoder:
    """An `ImageEncoder` that names subjects; the network is loaded with the first image.

    Raises `BadWeights`.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="image-encoder")
        self._network: EfficientNetLite0 | None = None
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        return NAME

    @property
    def dimension(self) -> int:
        return DIMENSION

    async def encode(self, images: Sequence[Image.Image]) -> Vectors:
        loop = asyncio.get_running_loop()
        # One call a batch: requests that arrive in the meantime are encoded between two batches.
        batches = [
            await loop.run_in_executor(self._executor, self._encode, images[start : start + BATCH])
            for start in range(0, len(images), BATCH)
        ]
        return np.concatenate(batches) if batches else np.zeros((0, DIMENSION), np.float32)

    async def subject_words(self, vectors: Vectors) -> list[tuple[ShownWord, ...]]:
        """The sure words of each unit vector, as `NamesSubjects` states; under 1 ms an image."""
        if not len(vectors):
            return []
        # Not in the thread of the encoder, where it would wait for images in work.
        return await asyncio.to_thread(self._name, vectors)

    def _encode(self, images: Sequence[Image.Image]) -> Vectors:
        # Imported here, because the import takes seconds and not every process encodes images.
        import torch

        network = self._loaded_network()
        pixels = torch.from_numpy(np.stack([network_input(image) for image in images]))
        # A fifth faster on a CPU than with the channels first, and equal within 1e-6.
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            features = torch.nn.functional.normalize(network.features(pixels), dim=1)
        return np.asarray(features, np.float32)

    async def subject_probabilities(
        self, vectors: Vectors, words: Sequence[str]
    ) -> list[dict[str, float]]:
        """The probabilities of words, as `RatesSubjects` states; under 1 ms an image."""
        if not len(vectors):
            return []
        return await asyncio.to_thread(
            lambda: word_probabilities(self._class_probabilities(vectors), words)
        )

    def _name(self, vectors: Vectors) -> list[tuple[ShownWord, ...]]:
        return sure_words(self._class_probabilities(vectors))

    def _class_probabilities(self, vectors: Vectors) -> Vectors:
        """(images, 1000)"""
        import torch

        network = self._loaded_network()
        features = torch.from_numpy(np.ascontiguousarray(vectors * FEATURE_LENGTH, np.float32))
        with torch.inference_mode():
            return np.asarray(network.classes(features), np.float32)

    def _loaded_network(self) -> "EfficientNetLite0":
        from shared.embedding.images.package_weights import load_network

        with self._loading:
            if self._network is None:
                self._network = load_network()
            return self._network

    def warm(self) -> None:
        """Start to load the network in the background."""
        self._executor.submit(self._encode, [Image.new("RGB", (SIDE, SIDE))])

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def network_input(image: Image.Image) -> Vectors:
    """The pixels as the network expects them; shape (3, 224, 224)."""
    square = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    values = (np.asarray(square, np.float32) - MEAN) / SCALE
    return np.ascontiguousarray(values.transpose(2, 0, 1))
