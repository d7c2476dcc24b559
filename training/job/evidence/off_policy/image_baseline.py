"""Rank images for a user by a logistic model of the user's references on image vectors."""

import warnings
from typing import Final

import numpy as np

from shared.embedding.protocol import Vectors

REGULARIZATION: Final = 10.0
"""Inverse strength for unit vectors of ten references: the usual 1 barely moves them."""


def logistic_scores(images: Vectors, liked: Vectors, disliked: Vectors) -> Vectors:
    """Scores, higher is better; with references of one side only, the similarity to them. (n,)

    Unit vectors, (n, d), (l, d) and (k, d); the scores are 0 without references.
    """
    from sklearn.linear_model import LogisticRegression  # a slow import

    if not len(liked) or not len(disliked):
        side = liked.sum(axis=0) - disliked.sum(axis=0)
        return np.asarray(images @ side, np.float64)
    model = LogisticRegression(C=REGULARIZATION, class_weight="balanced")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ten points need no more steps
        model.fit(np.concatenate([liked, disliked]), [1] * len(liked) + [0] * len(disliked))
    return np.asarray(model.decision_function(images), np.float64)
