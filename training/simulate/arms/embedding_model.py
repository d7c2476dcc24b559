"""Rank by a logistic regression a user on image vectors, mixed with the scores of a frozen model.

What a strong recommender without a trained vision-language model does: the vectors of a pretrained
image encoder, each user's own linear model on likes, clicks and what was passed over, and the
frozen model's totals. The share of the vectors is chosen on other users.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from training.simulate.arms.known_references import Known, catalog_key
from training.simulate.arms.pictures import Pictures
from training.simulate.arms.serving_rule import Slate
from training.simulate.measure.metrics import Floats, ndcg

STRENGTH: Final = 1.0
"""Inverse regularization (C) of the regression on standardized vectors."""
SHARES: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Shares of the vectors' score that are tried."""
FOLDS: Final = 5
"""Folds of users: the share of each fold is the best one of all others."""


def vector_scores(
    pictures: Pictures, known: Sequence[Known], slates: Sequence[Slate]
) -> list[Floats]:
    """Log odds of a like by each user's own regression; zeros without both kinds of images."""
    everything = pictures.vectors([catalog_key(n) for n in range(pictures.catalog_size)])
    middle, spread = everything.mean(axis=0), everything.std(axis=0) + 1e-6
    models = {
        user: _fitted(pictures, known[user], middle, spread)
        for user in {slate.user for slate in slates}
    }
    scores = []
    for slate in slates:
        rows = pictures.vectors([catalog_key(int(n)) for n in slate.candidates])
        coefficients = models[slate.user]
        scores.append(np.asarray((rows - middle) / spread @ coefficients, np.float64))
    return scores


def mixed(
    totals: Sequence[Floats], by_vectors: Sequence[Floats], slates: Sequence[Slate],
    appeals: Mapping[int, Floats],
) -> tuple[list[Floats], dict[int, float]]:  # fmt: skip
    """Scores with the share of the vectors that is best for other users, and the share by fold.

    Both scores are standardized within their slate. `appeals` are the true appeals of the whole
    catalog by user: the share is chosen by NDCG@10 against the truth, which favors this baseline.
    """
    parts = [(_standard(a), _standard(b)) for a, b in zip(totals, by_vectors, strict=True)]
    values = np.array(
        [
            [_ndcg((1 - share) * a + share * b, slate, appeals[slate.user]) for share in SHARES]
            for (a, b), slate in zip(parts, slates, strict=True)
        ]
    )  # (slates, shares)
    folds = np.array([slate.user % FOLDS for slate in slates])
    chosen = {
        fold: SHARES[int(values[folds != fold].mean(axis=0).argmax())]
        for fold in sorted(set(folds.tolist()))
        if (folds != fold).any()
    }
    shares = [chosen.get(int(fold), 0.0) for fold in folds]
    scores = [(1 - share) * a + share * b for share, (a, b) in zip(shares, parts, strict=True)]
    return scores, chosen


def _fitted(pictures: Pictures, known: Known, middle: Floats, spread: Floats) -> Floats:
    """Coefficients of one user. (dimension,)"""
    from sklearn.linear_model import LogisticRegression

    liked = [r.content_hash for r in known.references if r.side == "liked"]
    others = [r.content_hash for r in known.references if r.side == "disliked"]
    others += known.passed
    if not liked or not others:
        return np.zeros(len(middle))
    rows = (pictures.vectors([*liked, *others]) - middle) / spread
    labels = np.arange(len(rows)) < len(liked)
    model = LogisticRegression(C=STRENGTH / rows.shape[1], class_weight="balanced", max_iter=200)
    return np.asarray(model.fit(rows, labels).coef_[0], np.float64)


def _standard(scores: Floats) -> Floats:
    return np.asarray((scores - scores.mean()) / (scores.std() + 1e-9), np.float64)


def _ndcg(scores: Floats, slate: Slate, appeal: Floats) -> float:
    return ndcg(slate.candidates[np.argsort(-scores, kind="stable")], appeal)
