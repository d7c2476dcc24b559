"""Fit the classifier of drawings and mediums; choose its thresholds on packages left out.

Each class weighs the same, and each package within its class. A threshold is the lowest one from
which the mediums named in packages that the fit did not contain are right often enough.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from shared.vlm.pictures.medium_classifier import MIN_DRAWING, MIN_SIDE, MediumClassifier
from shared.vlm.pictures.pixel_statistics import shorter_sides
from training.nano.pictures.examples import DRAWING, Examples

Numbers = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

DRAWING_C: Final = 1.0
MEDIUM_C: Final = 0.003
"""Inverse strengths of the penalties: drawings are easy to recognize, mediums have few packages."""
ITERATIONS: Final = 300
FOLDS: Final = 6
"""Groups of packages; every medium has packages in several groups."""
TARGET: Final = 1.0
"""Precision on packages left out, with equal weights of packages: far above the .95 that is
promised, because other packages differ again."""
CANDIDATES: Final = np.round(np.arange(0.5, 1.0, 0.01), 2)
MIN_NAMED: Final = 100
"""Pictures that must be named: where 100 of 100 are right, at least .963 are (Wilson, 95 %)."""
NEVER: Final = 1.01


def fit(examples: Examples) -> MediumClassifier:
    """The classifier of all examples; its thresholds never name a medium."""
    features = np.concatenate([examples.statistics, examples.textures], axis=1)
    weights = example_weights(examples)
    mean = np.average(features, axis=0, weights=weights)
    scale = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=weights)) + 1e-6
    mediums = tuple(sorted(set(examples.classes.tolist()) - {DRAWING}))
    empty = np.zeros(0, np.float32)
    unfitted = MediumClassifier(
        mediums, _single(mean), _single(scale), empty, empty, empty, empty, empty, empty, empty
    )
    standardized = unfitted.standardized(_single(features))
    is_drawing = examples.classes == DRAWING
    halves = _halves(weights, is_drawing)
    count = examples.statistics.shape[1]
    early, drawing = (
        LogisticRegression(C=DRAWING_C, max_iter=ITERATIONS).fit(
            columns, is_drawing, sample_weight=halves
        )
        for columns in (standardized[:, :count], standardized)
    )
    real = ~is_drawing
    medium = LogisticRegression(C=MEDIUM_C, max_iter=ITERATIONS).fit(
        standardized[real], examples.classes[real], sample_weight=weights[real]
    )
    order = [list(medium.classes_).index(name) for name in mediums]
    return MediumClassifier(
        mediums,
        unfitted.mean,
        unfitted.scale,
        early_weights=_single(early.coef_[0]),
        early_bias=_single(early.intercept_[0]),
        drawing_weights=_single(drawing.coef_[0]),
        drawing_bias=_single(drawing.intercept_[0]),
        medium_weights=_single(medium.coef_[order].T),
        medium_bias=_single(medium.intercept_[order]),
        thresholds=np.full(len(mediums), NEVER, np.float32),
    )


def example_weights(examples: Examples) -> Numbers:
    """Equal sums for all classes, and within a class for all its packages; the mean is 1."""
    weights = np.zeros(len(examples.classes))
    for name in np.unique(examples.classes):
        packages = np.unique(examples.packages[examples.classes == name])
        for package in packages:
            chosen = (examples.classes == name) & (examples.packages == package)
            weights[chosen] = 1 / len(packages) / chosen.sum()
    return np.asarray(weights * len(weights) / weights.sum())


def left_out(examples: Examples) -> tuple[Numbers, Numbers]:
    """Probabilities of a drawing (n,) and of the mediums (n, mediums), from fits without a package.

    Packages are left out in `FOLDS` groups. The drawings of the simulator are in every fit.
    """
    drawing = np.zeros(len(examples.classes))
    mediums = np.zeros((len(drawing), len(set(examples.classes.tolist()) - {DRAWING})))
    is_drawing = examples.classes == DRAWING
    packages = np.unique(examples.packages[~is_drawing])
    for fold in range(FOLDS):
        inside = np.isin(examples.packages, packages[fold::FOLDS])
        classifier = fit(examples.take(~inside))
        inside |= is_drawing if fold == 0 else False
        part = examples.take(inside)
        features = np.concatenate([part.statistics, part.textures], axis=1)
        standardized = classifier.standardized(features)
        drawing[inside] = classifier.drawing_probabilities(standardized)
        mediums[inside] = classifier.medium_probabilities(standardized)
    return drawing, mediums


def thresholds(examples: Examples, drawing: Numbers, mediums: Numbers) -> Floats:
    """By medium, the lowest probability from which enough of the named pictures are right."""
    best, highest = mediums.argmax(axis=1), mediums.max(axis=1)
    weights = example_weights(examples)
    is_large = shorter_sides(examples.statistics) >= MIN_SIDE
    is_real = (drawing < MIN_DRAWING) & (examples.classes != DRAWING) & is_large
    chosen = np.full(mediums.shape[1], NEVER, np.float32)
    for number, name in enumerate(sorted(set(examples.classes.tolist()) - {DRAWING})):
        for threshold in CANDIDATES:
            named = is_real & (best == number) & (highest >= threshold)
            right = named & (examples.classes == name)
            if named.sum() >= MIN_NAMED and (
                weights[right].sum() >= TARGET * weights[named].sum() - 1e-9
            ):
                chosen[number] = threshold
                break
    return chosen


def _halves(weights: Numbers, is_drawing: npt.NDArray[np.bool_]) -> Numbers:
    """Equal sums for drawings and for all other pictures; the mean is 1."""
    drawn, others = weights[is_drawing].sum(), weights[~is_drawing].sum()
    balanced = np.where(is_drawing, weights / drawn, weights / others)
    return np.asarray(balanced * len(balanced) / 2)


def _single(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, np.float32)
