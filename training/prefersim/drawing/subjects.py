"""List ten subjects of drawings, each as a few simple shapes in painting order."""

from collections.abc import Mapping
from typing import Final

ELLIPSE, BOX, DIAMOND, TRIANGLE = range(4)

Shape = tuple[int, float, float, float, float]
"""Kind, center x, center y, half-width, half-height; 0-1 across the canvas."""

SUBJECTS: Final[Mapping[str, tuple[Shape, ...]]] = {
    "house": (
        (ELLIPSE, 0.8, 0.16, 0.09, 0.09),
        (BOX, 0.5, 0.66, 0.26, 0.2),
        (TRIANGLE, 0.5, 0.34, 0.33, 0.14),
        (BOX, 0.5, 0.74, 0.06, 0.12),
        (BOX, 0.34, 0.6, 0.05, 0.05),
    ),
    "tree": (
        (ELLIPSE, 0.5, 1.05, 0.75, 0.26),
        (BOX, 0.5, 0.68, 0.05, 0.2),
        (ELLIPSE, 0.5, 0.36, 0.2, 0.19),
        (ELLIPSE, 0.36, 0.46, 0.14, 0.13),
        (ELLIPSE, 0.65, 0.46, 0.14, 0.13),
    ),
    "boat": (
        (ELLIPSE, 0.2, 0.18, 0.1, 0.1),
        (BOX, 0.5, 0.92, 0.9, 0.18),
        (BOX, 0.5, 0.7, 0.27, 0.06),
        (TRIANGLE, 0.42, 0.41, 0.16, 0.21),
        (TRIANGLE, 0.68, 0.47, 0.1, 0.15),
    ),
    "flower": (
        (BOX, 0.5, 0.8, 0.03, 0.22),
        (ELLIPSE, 0.34, 0.42, 0.14, 0.11),
        (ELLIPSE, 0.66, 0.42, 0.14, 0.11),
        (ELLIPSE, 0.5, 0.26, 0.11, 0.14),
        (ELLIPSE, 0.5, 0.58, 0.11, 0.14),
        (ELLIPSE, 0.5, 0.42, 0.09, 0.09),
    ),
    "fish": (
        (DIAMOND, 0.8, 0.5, 0.14, 0.2),
        (ELLIPSE, 0.45, 0.5, 0.29, 0.18),
        (TRIANGLE, 0.45, 0.28, 0.12, 0.08),
        (ELLIPSE, 0.28, 0.46, 0.035, 0.035),
        (BOX, 0.5, 0.95, 0.9, 0.1),
    ),
    "mountains": (
        (ELLIPSE, 0.75, 0.2, 0.1, 0.1),
        (TRIANGLE, 0.35, 0.58, 0.36, 0.32),
        (TRIANGLE, 0.7, 0.66, 0.32, 0.24),
        (BOX, 0.5, 0.95, 0.9, 0.14),
    ),
    "portrait": (
        (ELLIPSE, 0.5, 1.05, 0.42, 0.3),
        (BOX, 0.5, 0.74, 0.09, 0.12),
        (ELLIPSE, 0.5, 0.42, 0.22, 0.27),
        (ELLIPSE, 0.42, 0.38, 0.03, 0.03),
        (ELLIPSE, 0.58, 0.38, 0.03, 0.03),
        (BOX, 0.5, 0.55, 0.08, 0.02),
    ),
    "still life": (
        (BOX, 0.5, 0.92, 0.9, 0.2),
        (BOX, 0.36, 0.32, 0.05, 0.14),
        (ELLIPSE, 0.36, 0.58, 0.15, 0.19),
        (ELLIPSE, 0.64, 0.68, 0.12, 0.11),
        (ELLIPSE, 0.78, 0.7, 0.1, 0.1),
    ),
    "cat": (
        (TRIANGLE, 0.34, 0.22, 0.1, 0.1),
        (TRIANGLE, 0.62, 0.22, 0.1, 0.1),
        (ELLIPSE, 0.5, 0.8, 0.27, 0.28),
        (ELLIPSE, 0.48, 0.38, 0.21, 0.18),
        (ELLIPSE, 0.41, 0.36, 0.03, 0.04),
        (ELLIPSE, 0.56, 0.36, 0.03, 0.04),
    ),
    "city": (
        (BOX, 0.14, 0.7, 0.12, 0.32),
        (BOX, 0.38, 0.6, 0.1, 0.42),
        (BOX, 0.62, 0.72, 0.12, 0.3),
        (BOX, 0.86, 0.55, 0.11, 0.46),
        (ELLIPSE, 0.6, 0.18, 0.09, 0.09),
    ),
}
MOST_SHAPES: Final = max(len(shapes) for shapes in SUBJECTS.values())
