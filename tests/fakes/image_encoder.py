"""A fake image encoder: one direction for each subject, which the color of an image stands for."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL.Image import Image

from shared.domain.subjects.words import ShownWord
from shared.embedding.protocol import Vectors
from tests.fakes.model import COLORS, color_of


class SubjectEncoder:
    """Images of the same subject are near each other; each color differs a little."""

    name = "subjects"

    def __init__(self, subject_of: Mapping[str, str]) -> None:
        self._subjects = sorted(set(subject_of.values()))
        self._subject_of = subject_of
        self.dimension = len(self._subjects) + len(COLORS)
        self.encoded: list[str] = []

    async def encode(self, images: Sequence[Image]) -> Vectors:
        vectors = np.zeros((len(images), self.dimension), np.float32)
        for row, image in enumerate(images):
            color = color_of(image)
            self.encoded.append(color)
            vectors[row, self._subjects.index(self._subject_of[color])] = 0.8
            vectors[row, len(self._subjects) + COLORS.index(color)] = 0.6
        return vectors


class NamingEncoder(SubjectEncoder):
    """It also names the subject of an image, which is sure for every image."""

    async def subject_words(self, vectors: Vectors) -> list[tuple[ShownWord, ...]]:
        subjects = vectors[:, : len(self._subjects)].argmax(axis=1)
        return [(ShownWord(word=self._subjects[subject], probability=0.9),) for subject in subjects]
