"""Join and shorten image vectors to a few standardized components."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

Floats = npt.NDArray[np.float64]


def joined(parts: Sequence[Floats]) -> Floats:
    """Vectors of several encoders side by side; each encoder has the same total variance.

    (images, d) each -> (images, sum of d)
    """
    centered = [part - part.mean(axis=0) for part in parts]
    norms = [np.sqrt((part**2).sum(axis=1).mean()) for part in centered]
    return np.column_stack(
        [part / max(float(norm), 1e-12) for part, norm in zip(centered, norms, strict=True)]
    )


def principal_components(vectors: Floats, count: int) -> Floats:
    """Standardized components of the vectors and a constant. (images, at most count + 1)"""
    images = len(vectors)
    centered = vectors - vectors.mean(axis=0)
    first = max(0, images - count)
    scale, parts = eigh(centered @ centered.T, subset_by_index=[first, images - 1])
    used = parts[:, scale > 1e-9 * max(float((vectors**2).sum()), 1e-12)]
    return np.column_stack([used * np.sqrt(images), np.ones(images)])
