"""A set of real pictures, and the words that are right for each of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from shared.embedding.images.naming.hypernyms import with_broader
from training.evaluation.real_pictures.picture_sets import PictureSet


@dataclass(frozen=True)
class NamedSet:
    """Pictures whose right words are known from their folder and from their file names."""

    pictures: PictureSet
    others: str = ""
    """Right words of all files that `by_name` does not name; empty: no word is right."""
    by_name: Mapping[str, str] = field(default_factory=dict)
    """Right words by words of the file names: `"sheep": "ram lamb"`."""

    @property
    def name(self) -> str:
        return self.pictures.name

    def right_words(self, path: str) -> frozenset[str]:
        """The words that are right for a file, with all broader ones."""
        stem = PurePosixPath(path.rpartition("!")[2]).stem
        words = set(re.findall(r"[a-z]+|[0-9]+", stem.lower()))
        named = {word for word, files in self.by_name.items() if words & set(files.lower().split())}
        right = named or {word for word in self.others.split(", ") if word}
        return frozenset(broader for word in right for broader in with_broader(word))
