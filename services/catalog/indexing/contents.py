"""Encode and describe contents: each one once, with what the store knows already."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PIL.Image import Image

from services.catalog.metrics import CatalogMetrics
from services.catalog.plan import Words
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import ELEMENTS
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.protocol import Embedder, Vectors
from shared.embedding.taste_vectors import description_vector
from shared.store.catalog.images import IMAGE_VECTOR
from shared.store.protocol import Described, ImageDescription, ImageStore
from shared.vlm.protocol import Description, VisionLanguageModel

INTERNAL: Final = "computation"
"""The part of an `Unavailable` that stands for an unknown error of a computation."""
NOTHING_KNOWN: Final = Unprocessable(
    "nothing_known",
    "the encoder cannot read the image, and the model finds no words for it; publish another image",
)


@dataclass(frozen=True)
class Content:
    """What the encoder and one model version say about one content."""

    words: Words
    subject_words: tuple[str, ...]
    vectors: Mapping[str, Vectors]
    """By name, for the catalog; a vector that is missing is unknown."""


@dataclass(frozen=True)
class Computed:
    """What encoder and model have computed for some contents, by content hash."""

    model_version: str
    vectors: Mapping[str, Vectors]
    known_words: Mapping[str, Words]
    new_words: Mapping[str, Words]
    """Words that are not stored yet."""
    refused: Mapping[str, Unprocessable | Unavailable]
    """Contents that the model cannot describe, and those whose description failed."""


class ContentReader:
    """Reads vectors and descriptions from the store, and computes those that are missing.

    Raises `Unavailable` as the store, the encoder and the model do.
    """

    def __init__(
        self,
        encoded_images: EncodedImages,
        image_store: ImageStore,
        embedder: Embedder,
        metrics: CatalogMetrics,
    ) -> None:
        self._encoded = encoded_images
        self._image_store = image_store
        self._embedder = embedder
        self._metrics = metrics

    async def stored(
        self, hashes: Collection[str], *, model_version: str, words: Mapping[str, Words]
    ) -> Mapping[str, Content]:
        """The contents of which vector and description are known; none needs its pixels.

        `words`: words of this model that are known from elsewhere, by content hash.
        """
        names = sorted(set(hashes))
        vectors = await self._encoded.stored(names)
        known = await self._known_words(list(vectors), words, model_version)
        return await self._contents({name: vectors[name] for name in known}, known)

    async def compute(
        self, pixels: Mapping[str, Image], *, model: VisionLanguageModel, words: Mapping[str, Words]
    ) -> Computed:
        """Encode and describe these contents, by content hash, both at the same time."""
        known = await self._known_words(list(pixels), words, model.model_version)
        missing = {name: image for name, image in pixels.items() if name not in known}
        vectors, described = await asyncio.gather(
            self._encode(pixels), self._describe(missing, model)
        )
        refused: dict[str, Unprocessable | Unavailable] = {}
        new: dict[str, Words] = {}
        for name, description in described.items():
            if not isinstance(description, Description):
                refused[name] = description
            elif name not in vectors and not any(description.words.values()):
                refused[name] = NOTHING_KNOWN
            else:
                new[name] = description.words
        return Computed(model.model_version, vectors, known, new, refused)

    async def finish(self, computed: Computed) -> Mapping[str, Content]:
        """Store the new descriptions, embed all words, and name the subjects."""
        await self._keep(computed.new_words, computed.model_version)
        return await self._contents(
            computed.vectors, {**computed.known_words, **computed.new_words}
        )

    async def _known_words(
        self, hashes: Sequence[str], elsewhere: Mapping[str, Words], model_version: str
    ) -> dict[str, Words]:
        known = await self._image_store.described_words(
            content_hashes=hashes, model_version=model_version
        )
        further = {n: elsewhere[n] for n in hashes if n in elsewhere and n not in known}
        await self._keep(further, model_version)
        return {**known, **further}

    async def _encode(self, pixels: Mapping[str, Image]) -> dict[str, Vectors]:
        with self._metrics.seconds.labels("encode").time():
            return await self._encoded.vectors(pixels)

    async def _describe(
        self, pixels: Mapping[str, Image], model: VisionLanguageModel
    ) -> dict[str, Description | Unprocessable | Unavailable]:
        if not pixels:
            return {}
        with self._metrics.seconds.labels("describe").time():
            try:
                descriptions = await model.describe(list(pixels.values()))
            except Unavailable:
                raise
            except Exception:
                # One image may fail alone: the others of its batch must not.
                return {name: await _describe_one(image, model) for name, image in pixels.items()}
        return dict(zip(pixels, descriptions, strict=True))

    async def _keep(self, words: Mapping[str, Words], model_version: str) -> None:
        """Store descriptions, which also rank feeds without the model."""
        await self._image_store.describe(
            [
                Described(
                    ImageDescription(content_hash=name, model_version=model_version, words=of_one),
                    await description_vector(of_one, self._embedder),
                )
                for name, of_one in words.items()
            ]
        )

    async def _contents(
        self,
        vectors: Mapping[str, Vectors],
        words: Mapping[str, Words],
    ) -> Mapping[str, Content]:
        subjects = await self._encoded.subject_words(
            {name: vectors[name] for name in words if name in vectors}
        )
        return {
            name: Content(
                words=of_one,
                subject_words=tuple(shown.word for shown in subjects.get(name, ())),
                vectors=await self._vectors(of_one, vectors.get(name)),
            )
            for name, of_one in words.items()
        }

    async def _vectors(self, words: Words, image: Vectors | None) -> dict[str, Vectors]:
        """The vectors of the catalog: of the image if it is known, and of each known element."""
        blocks = (await description_vector(words, self._embedder)).reshape(len(ELEMENTS), -1)
        by_name = {
            element.value: block
            for element, block in zip(ELEMENTS, blocks, strict=True)
            if block.any()
        }
        return by_name if image is None else {IMAGE_VECTOR: image, **by_name}


async def _describe_one(
    image: Image, model: VisionLanguageModel
) -> Description | Unprocessable | Unavailable:
    try:
        (description,) = await model.describe([image])
    except (Unprocessable, Unavailable) as error:
        return error
    except Exception as error:
        return Unavailable(INTERNAL, f"it failed with {type(error).__name__}: {error}")
    return description
