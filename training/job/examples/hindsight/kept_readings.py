"""Keep what the champion reads in each image, so that the next night scores new images only.

Readings are most of the time that a night's examples take, and most images of a night are those of
the night before. The file holds one champion's readings of the images of the last night, by their
content; it names no user.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from shared.domain.taste import Element, Value
from shared.files.atomic_write import atomic_write

log = logging.getLogger(__name__)
FILE: Final = "readings.json"
DECIMALS: Final = 5
Shown = Mapping[Element, Mapping[str, float]]
"""By element and word the probability with which the champion sees the word in an image."""


class _Content(Value):
    version: str
    """Of the champion."""
    images: dict[str, dict[Element, dict[str, float]]]
    """By the hash of an image file."""


@dataclass
class KeptReadings:
    """The readings of one champion, of this night and the last one."""

    version: str = ""
    file: Path | None = None
    """None keeps nothing for another night."""
    _images: dict[str, dict[Element, dict[str, float]]] = field(default_factory=dict)

    @staticmethod
    def next_to(jobs: Path, *, champion: str) -> "KeptReadings":
        """Those in the folder of the jobs; empty without a file that is of this champion."""
        file = jobs / FILE
        try:
            content = _Content.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return KeptReadings(champion, file)
        except (OSError, ValidationError) as error:
            log.warning("%s is ignored, all images are read again: %s", file, error)
            return KeptReadings(champion, file)
        known = content.images if content.version == champion else {}
        return KeptReadings(champion, file, known)

    def of(self, image: str) -> Shown:
        """What is known of an image, by the hash of its file."""
        return self._images.get(image, {})

    def lacks(self, image: str, element: Element, word: str) -> bool:
        """Whether the word was not read in an image yet."""
        return word not in self.of(image).get(element, {})

    def add(self, image: str, element: Element, word: str, probability: float) -> None:
        of_image = self._images.setdefault(image, {})
        of_image.setdefault(element, {})[word] = round(probability, DECIMALS)

    def save(self, images: Iterable[str]) -> None:
        """Write the readings of these images, and forget all others. A failure is logged."""
        if self.file is None:
            return
        kept = {image: self._images[image] for image in images if image in self._images}
        content = _Content(version=self.version, images=kept)
        try:
            atomic_write(self.file, content.model_dump_json())
        except OSError as error:
            log.warning("the readings are not kept, the next night repeats them: %s", error)
