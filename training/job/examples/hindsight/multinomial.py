"""Fit a penalized multinomial regression that adds to known log-probabilities."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def fit_multinomial(
    features: Floats, offset: Floats, target: Floats, *, ridge: float, steps: int,
    count: Floats | float = 1.0, start: Floats | None = None,
) -> Floats:  # fmt: skip
    """What the features add to the logits `offset`: the map (features, words) after some steps.

    The rows of `target` (images, words) are sums over an image's `count` (images, 1) observations.
    `ridge` pulls the map to zero.
    """
    shape = (features.shape[1], target.shape[1])
    first = np.zeros(shape) if start is None else start

    def loss(flat: Floats) -> tuple[float, Floats]:
        map_ = flat.reshape(shape)
        predicted = softmax(offset + features @ map_)
        value = -(target * np.log(np.maximum(predicted, 1e-12))).sum() + ridge / 2 * (flat @ flat)
        gradient = features.T @ (count * predicted - target) + ridge * map_
        return float(value), gradient.ravel()

    options = {"maxiter": steps}
    result = minimize(loss, first.ravel(), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(result.x, np.float64).reshape(shape)
