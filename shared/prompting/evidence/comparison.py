"""Compare images with references: what each reference, and each group of them, adds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.embedding.images.reference_effects import (
    MIN_EFFECT,
    effect_of_group,
    reference_effects,
)
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.protocol import Vectors
from shared.events.types.evidence import ReferenceSide

SIDES: Final[tuple[ReferenceSide, ...]] = ("liked", "disliked")


@dataclass(frozen=True)
class Effect:
    """How one reference compares with one image."""

    similarity: float
    points: float
    """Points of the subject score that the reference alone adds."""
    resembles: bool
    """Whether the image resembles the reference."""


@dataclass(frozen=True)
class Comparison:
    """One image, compared with the references that score it."""

    references: SubjectReferences
    names: Mapping[ReferenceSide, Sequence[str]]
    """A name for each row of `references`."""
    image: Vectors
    """Shape (dimension,)."""
    effects: Mapping[tuple[ReferenceSide, str], Effect]
    """By the side and the name of a reference."""

    def is_moved_by(self, side: ReferenceSide, names: Collection[str]) -> bool:
        """Whether the score moves away from the side without all of these references."""
        rows = [row for row, name in enumerate(self.names[side]) if name in names]
        sign = 1.0 if side == "liked" else -1.0
        return (
            bool(rows)
            and sign * effect_of_group(side, self.references, rows, self.image) >= MIN_EFFECT
        )


def compare(
    references: SubjectReferences, names: Mapping[ReferenceSide, Sequence[str]], images: Vectors
) -> list[Comparison]:
    """One comparison for each image, (images, dimension).

    `names` has a name for each row of `references`. Raises ValueError unless
    `references.can_score`.
    """
    measured = dict(zip(SIDES, reference_effects(references, images), strict=True))
    return [
        Comparison(
            references,
            names,
            image,
            {
                (side, name): Effect(
                    float(measured[side].similarity[row, column]),
                    float(measured[side].points[row, column]),
                    bool(measured[side].resembles[row, column]),
                )
                for side in SIDES
                for column, name in enumerate(names[side])
            },
        )
        for row, image in enumerate(np.asarray(images))
    ]
