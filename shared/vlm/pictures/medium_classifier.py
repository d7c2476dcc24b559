"""Recognize drawings of the simulator's kind, and the medium of real pictures, or abstain.

Both are linear, on standardized features. The weights are in the model's folder; they are trained
by `training/nano/pictures`, and thresholds are chosen on packages that the fit did not contain.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from shared.vlm.checkpoint.checkpoint import BadCheckpoint

Floats = npt.NDArray[np.float32]

FILE: Final = "real_pictures.npz"
MIN_DRAWING: Final = 0.7
"""Probability from which a picture is a drawing: of 1,500 images of the *hard* benchmark two are
below it, and a real picture above it would get invented words."""
SURE: Final = 0.997
"""Probability of a drawing from statistics alone that saves the time of the textures: half of all
drawings have it, and one of 3,000 real pictures."""
MIN_SIDE: Final = 128
"""Shorter side in pixels from which a medium is named. Smaller pictures show too little texture:
tiles of games were taken for screenshots."""
LIMIT: Final = 4.0
"""Largest standardized feature, so that no single one decides about an unusual picture."""
ARRAYS: Final = (
    *("mean", "scale", "early_weights", "early_bias", "drawing_weights", "drawing_bias"),
    *("medium_weights", "medium_bias", "thresholds"),
)


@dataclass(frozen=True)
class Classified:
    """What the classifier says about one picture."""

    is_drawing: bool
    """Whether it is a drawing of the simulator's kind, which nano reads itself."""
    medium: str | None = None
    """None to abstain."""
    probability: float = 0.0
    """Of the medium."""


@dataclass(frozen=True)
class MediumClassifier:
    """The weights of two logistic regressions for drawings and of one for the mediums."""

    mediums: tuple[str, ...]
    mean: Floats
    """(features,)"""
    scale: Floats
    """(features,)"""
    early_weights: Floats
    """(statistics,) for drawings, from the statistics alone"""
    early_bias: Floats
    """()"""
    drawing_weights: Floats
    """(features,)"""
    drawing_bias: Floats
    """()"""
    medium_weights: Floats
    """(features, mediums)"""
    medium_bias: Floats
    """(mediums,)"""
    thresholds: Floats
    """(mediums,) probability from which a medium is named; above 1 where it never is."""

    @classmethod
    def read(cls, folder: Path) -> "MediumClassifier | None":
        """The classifier of a model; None for a model without one. Raises `BadCheckpoint`."""
        file = folder / FILE
        if not file.is_file():
            return None
        try:
            with np.load(file, allow_pickle=False) as content:
                mediums = tuple(str(name) for name in content["mediums"])
                return cls(mediums, *(np.asarray(content[name], np.float32) for name in ARRAYS))
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise BadCheckpoint(f"{file} cannot be read; fetch the folder again") from error

    def write(self, folder: Path) -> None:
        """Write the file that `read` reads."""
        arrays = {name: getattr(self, name) for name in ARRAYS}
        np.savez(folder / FILE, mediums=np.array(self.mediums), **arrays)

    def surely_drawings(self, statistics: Floats) -> npt.NDArray[np.bool_]:
        """Which pictures are drawings for sure, from the statistics (n, 46) alone: (n,)."""
        count = len(self.early_weights)
        scaled = (statistics - self.mean[:count]) / self.scale[:count]
        logits = np.clip(scaled, -LIMIT, LIMIT) @ self.early_weights + self.early_bias
        return np.asarray(logits >= np.log(SURE / (1 - SURE)))

    def classify(self, statistics: Floats, textures: Floats) -> list[Classified]:
        """Classify pictures by their features, (n, features) in two parts."""
        standardized = self.standardized(np.concatenate([statistics, textures], axis=1))
        return [
            self._classified(drawing, row)
            for drawing, row in zip(
                self.drawing_probabilities(standardized),
                self.medium_probabilities(standardized),
                strict=True,
            )
        ]

    def standardized(self, features: Floats) -> Floats:
        scaled = (features - self.mean) / self.scale
        return np.asarray(np.clip(scaled, -LIMIT, LIMIT), np.float32)

    def drawing_probabilities(self, standardized: Floats) -> Floats:
        """The probability that each picture is a drawing: (n,)."""
        logits = standardized @ self.drawing_weights + self.drawing_bias
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)

    def medium_probabilities(self, standardized: Floats) -> Floats:
        """The probabilities of the mediums of real pictures: (n, mediums)."""
        logits = standardized @ self.medium_weights + self.medium_bias
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), np.float32)

    def _classified(self, drawing: float, mediums: Floats) -> Classified:
        if drawing >= MIN_DRAWING:
            return Classified(is_drawing=True)
        best = int(mediums.argmax())
        if mediums[best] < self.thresholds[best]:
            return Classified(is_drawing=False)
        return Classified(False, self.mediums[best], float(mediums[best]))
