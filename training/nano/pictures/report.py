"""Print how pictures of packages that were left out of the fit are classified."""

from collections.abc import Sequence

import numpy as np

from shared.vlm.pictures.medium_classifier import MIN_DRAWING, MIN_SIDE
from shared.vlm.pictures.pixel_statistics import shorter_sides
from training.evaluation.markdown import header, line
from training.nano.pictures.examples import Examples
from training.nano.pictures.fit import Floats, Numbers


def as_table(
    examples: Examples,
    mediums: Sequence[str],
    probabilities: tuple[Numbers, Numbers],
    thresholds: Floats,
) -> str:
    """One line for each class and package: called a drawing, named, and right of those named."""
    drawing, by_medium = probabilities
    best = by_medium.argmax(axis=1)
    is_drawing = drawing >= MIN_DRAWING
    is_large = shorter_sides(examples.statistics) >= MIN_SIDE
    named = ~is_drawing & is_large & (by_medium.max(axis=1) >= thresholds[best])
    right = named & (np.array(mediums)[best] == examples.classes)
    limits = zip(mediums, thresholds, strict=True)
    rows = [
        f"Thresholds: {', '.join(f'{name} {limit:.2f}' for name, limit in limits)}\n",
        *header("class, package left out", ["examples", "drawing", "named", "right of named"]),
    ]
    for name, package in sorted({*zip(examples.classes, examples.packages, strict=True)}):
        chosen = (examples.classes == name) & (examples.packages == package)
        count = int((named & chosen).sum())
        precision = f"{int((right & chosen).sum()) / count:.3f}" if count else ""
        shares = [f"{is_drawing[chosen].mean():.3f}", f"{named[chosen].mean():.3f}", precision]
        rows.append(line(f"{name}, {package}", [int(chosen.sum()), *shares]))
    return "\n".join(rows)
