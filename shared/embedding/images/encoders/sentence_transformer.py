"""Encode images with a sentence-transformers model, such as CLIP or SigLIP 2."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from PIL import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.embedding.images.encoders.errors import BadEncoder
from shared.embedding.images.encoders.name import encoder_name
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.encoders.unit_vectors import rows, unit_vector
from shared.embedding.protocol import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)
PART: Final = "image encoder"
MIN_SIDE: Final = 8
"""Pixels of a side below which an image is enlarged: image processors take a shape such as
(3, 1, 3) for another order of its axes."""
MAX_REASON_CHARACTERS: Final = 300


class SentenceTransformerEncoder:
    """An `ImageEncoder`; the model runs on a thread of its own."""

    def __init__(
        self, model: "SentenceTransformer", *, name: str, batch: int, instruction: str | None
    ) -> None:
        self._model = model
        self._name = name
        self._batch = batch
        # Passed only where it is set: CLIP refuses a prompt for an image.
        self._options: Mapping[str, Any] = {"prompt": instruction} if instruction else {}
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="image-encoder")
        (vector,) = self._encode_batch([Image.new("RGB", (64, 64), "gray")])
        self._dimension = len(vector)

    @classmethod
    def load(cls, settings: ImageEncoderSettings) -> Self:
        """Load the model of the settings; blocks for seconds. Raises `BadEncoder`."""
        named = settings.image_encoder
        folder = _folder(named)
        model = _load(str(folder or named), settings.image_encoder_device)
        if not model.supports("image"):
            raise BadEncoder(
                f"the sentence-transformers model {named} accepts {', '.join(model.modalities)} and"
                " no images; set PREFERSTREAM_IMAGE_ENCODER to an image model, such as"
                " sentence-transformers/clip-ViT-B-32, or to `pretrained`"
            )
        instruction = settings.image_encoder_instruction
        name = encoder_name(folder.name if folder else named, _weights_hash(model), instruction)
        try:
            return cls(
                model, name=name, batch=settings.image_encoder_batch, instruction=instruction
            )
        except Exception as error:
            raise BadEncoder(
                f"the sentence-transformers model {named} cannot encode an image:"
                f" {_short(error)}. Check PREFERSTREAM_IMAGE_ENCODER and"
                " PREFERSTREAM_IMAGE_ENCODER_INSTRUCTION"
            ) from error

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension

    async def encode(self, images: Sequence[Image.Image]) -> Vectors:
        loop = asyncio.get_running_loop()
        results: list[Vectors | Unprocessable] = []
        # One call a batch: requests that arrive in the meantime are encoded between two batches.
        for start in range(0, len(images), self._batch):
            batch = images[start : start + self._batch]
            results += await loop.run_in_executor(self._executor, self._results, batch)
        return rows(results, dimension=self._dimension)

    def _results(self, images: Sequence[Image.Image]) -> list[Vectors | Unprocessable]:
        try:
            return [_checked(vector) for vector in self._encode_batch(images)]
        except Exception as error:
            _raise_if_out_of_memory(error)
            if len(images) == 1:
                log.warning("an image cannot be encoded: %s", _short(error))
                return [Unprocessable("image_not_encodable", f"the image encoder: {_short(error)}")]
        # One at a time: only the image at fault is left out.
        return [result for image in images for result in self._results([image])]

    def _encode_batch(self, images: Sequence[Image.Image]) -> Vectors:
        vectors = self._model.encode(
            [_readable(image) for image in images],
            batch_size=self._batch,
            show_progress_bar=False,
            **self._options,
        )
        return np.asarray(vectors, np.float32)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def _folder(named: str) -> Path | None:
    """The folder that the setting names, or None for a model's name; raises `BadEncoder`."""
    path = Path(named).expanduser()
    if path.is_dir():
        return path.resolve()
    if named.startswith(("/", ".", "~")) or path.exists():
        raise BadEncoder(
            f"PREFERSTREAM_IMAGE_ENCODER names {named}, which is no folder; name the folder of a"
            " sentence-transformers model, or set it to `pretrained`"
        )
    return None


def _load(named: str, device: str) -> "SentenceTransformer":
    # Imported here, because the import takes seconds and most systems use the pretrained network.
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(named, device=None if device == "auto" else device)
    except Exception as error:
        # The library and those below it raise dozens of types; each means that it is unusable.
        raise BadEncoder(
            f"the sentence-transformers model {named} cannot be loaded: {_short(error)}. Check"
            " PREFERSTREAM_IMAGE_ENCODER; without a connection to the model hub, copy the model to"
            " this machine and name its folder"
        ) from error


def _weights_hash(model: "SentenceTransformer") -> str:
    """A hash of all weights, so that other weights under the same name get other vectors."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        # As bytes, since NumPy has no bfloat16.
        digest.update(tensor.detach().cpu().contiguous().flatten().view(_bytes_type()).numpy())
    return digest.hexdigest()


def _bytes_type() -> Any:
    import torch

    return torch.uint8


def _readable(image: Image.Image) -> Image.Image:
    pixels = image.convert("RGB")
    width, height = pixels.size
    if min(width, height) >= MIN_SIDE:
        return pixels
    return pixels.resize((max(width, MIN_SIDE), max(height, MIN_SIDE)), Image.Resampling.NEAREST)


def _checked(values: Vectors) -> Vectors | Unprocessable:
    try:
        return unit_vector(values)
    except Unprocessable as error:
        return error


def _raise_if_out_of_memory(error: Exception) -> None:
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        raise Unavailable(
            PART, "the memory of the device is full; lower PREFERSTREAM_IMAGE_ENCODER_BATCH"
        ) from error


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:MAX_REASON_CHARACTERS]}"
