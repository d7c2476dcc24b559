"""List six subjects that no training draws; simulated users may like or dislike them."""

from collections.abc import Mapping
from typing import Final

from training.prefersim.drawing.subjects import BOX, DIAMOND, ELLIPSE, TRIANGLE, Shape

HELD_OUT_SUBJECTS: Final[Mapping[str, tuple[Shape, ...]]] = {
    "bird": (
        (TRIANGLE, 0.8, 0.62, 0.16, 0.1),
        (ELLIPSE, 0.5, 0.58, 0.26, 0.17),
        (ELLIPSE, 0.3, 0.36, 0.12, 0.12),
        (DIAMOND, 0.14, 0.38, 0.08, 0.04),
        (ELLIPSE, 0.27, 0.34, 0.025, 0.025),
        (BOX, 0.5, 0.85, 0.02, 0.12),
    ),
    "car": (
        (BOX, 0.5, 0.95, 0.9, 0.12),
        (BOX, 0.5, 0.62, 0.36, 0.13),
        (BOX, 0.48, 0.4, 0.2, 0.12),
        (ELLIPSE, 0.28, 0.78, 0.1, 0.1),
        (ELLIPSE, 0.72, 0.78, 0.1, 0.1),
    ),
    "mushroom": (
        (BOX, 0.5, 0.98, 0.9, 0.1),
        (BOX, 0.5, 0.7, 0.09, 0.22),
        (ELLIPSE, 0.5, 0.4, 0.32, 0.17),
        (ELLIPSE, 0.38, 0.36, 0.05, 0.04),
        (ELLIPSE, 0.6, 0.34, 0.06, 0.05),
    ),
    "cup": (
        (BOX, 0.5, 0.92, 0.9, 0.16),
        (ELLIPSE, 0.76, 0.56, 0.12, 0.14),
        (BOX, 0.48, 0.57, 0.22, 0.24),
        (ELLIPSE, 0.48, 0.33, 0.22, 0.06),
    ),
    "castle": (
        (BOX, 0.5, 0.68, 0.2, 0.28),
        (BOX, 0.22, 0.56, 0.1, 0.4),
        (BOX, 0.78, 0.56, 0.1, 0.4),
        (TRIANGLE, 0.22, 0.1, 0.13, 0.1),
        (TRIANGLE, 0.78, 0.1, 0.13, 0.1),
        (BOX, 0.5, 0.82, 0.07, 0.14),
    ),
    "butterfly": (
        (ELLIPSE, 0.3, 0.36, 0.19, 0.19),
        (ELLIPSE, 0.7, 0.36, 0.19, 0.19),
        (ELLIPSE, 0.34, 0.68, 0.14, 0.15),
        (ELLIPSE, 0.66, 0.68, 0.14, 0.15),
        (BOX, 0.5, 0.5, 0.035, 0.28),
    ),
}
"""As many shapes as the other subjects have at most."""
