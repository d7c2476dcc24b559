"""Choose the sample images that tell most about a taste, to ask a new user about them first."""

import asyncio
import hashlib
import logging
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image

from services.ops.sample_images import SampleImage
from shared.domain.errors import Unavailable
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.telling_images import Floats, most_telling, visible_features
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings

log = logging.getLogger(__name__)
QUESTIONS: Final = 12
"""Images that are asked about first: as many as a row or two of the page."""
ENCODING_SECONDS: Final = 2.0
"""Longest wait for the vectors of all samples, which the first page of a new system encodes. What
can be seen without a model decides meanwhile; the encoding continues."""


async def first_questions(
    samples: Sequence[SampleImage],
    *,
    answered: Collection[str],
    encoded_images: EncodedImages | None,
    count: int = QUESTIONS,
) -> list[SampleImage]:
    """The samples to ask about next, the most telling first; `answered` has ids of others."""
    if not samples:
        return []
    vectors = await _encoded(samples, encoded_images) if encoded_images else None
    if vectors is None:
        vectors = await asyncio.to_thread(_seen, samples)
    known = [place for place, sample in enumerate(samples) if sample.image_id in answered]
    return [samples[place] for place in most_telling(vectors, known=known, count=count)]


async def _encoded(samples: Sequence[SampleImage], encoded_images: EncodedImages) -> Floats | None:
    """The vectors of the image encoder; None while some are missing."""
    hashes = [hashlib.sha256(sample.data).hexdigest() for sample in samples]
    try:
        vectors = await encoded_images.stored(hashes)
        missing = [n for n, name in enumerate(hashes) if name not in vectors]
        if missing:
            pixels = await asyncio.to_thread(lambda: [_pixels(samples[n]) for n in missing])
            async with asyncio.timeout(ENCODING_SECONDS):
                vectors |= await encoded_images.vectors(
                    {hashes[n]: image for n, image in zip(missing, pixels, strict=True)}
                )
    except (Unavailable, TimeoutError) as error:
        log.info("the first questions do not rest on image vectors: %s", error)
        return None
    if any(name not in vectors for name in hashes):
        return None
    return np.stack([vectors[name] for name in hashes]).astype(np.float64)


def _seen(samples: Sequence[SampleImage]) -> Floats:
    return np.stack([_features(sample) for sample in samples])


@lru_cache(maxsize=512)
def _features(sample: SampleImage) -> Floats:
    return visible_features(_pixels(sample))


def _pixels(sample: SampleImage) -> Image.Image:
    return decode(sample.data, sample.name, ImageSettings())
