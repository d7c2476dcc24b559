"""Choose the sample images that tell most about a taste, to ask a new user about them first."""

import io
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image

from services.ops.sample_images import SampleImage
from shared.embedding.images.telling_images import Floats, most_telling, visible_features

QUESTIONS: Final = 12
"""Images that are asked about first: as many as a row or two of the page."""


def first_questions(
    samples: Sequence[SampleImage], *, answered: Collection[str], count: int = QUESTIONS
) -> list[SampleImage]:
    """The samples to ask about next, the most telling first; `answered` has ids of others."""
    if not samples:
        return []
    vectors = np.stack([_features(sample) for sample in samples])
    known = [place for place, sample in enumerate(samples) if sample.image_id in answered]
    return [samples[place] for place in most_telling(vectors, known=known, count=count)]


@lru_cache(maxsize=512)
def _features(sample: SampleImage) -> Floats:
    with Image.open(io.BytesIO(sample.data)) as opened:
        return visible_features(opened.convert("RGB"))
