"""Compare the words of a model with the reference measurement and with the kind of each set."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.domain.taste import Element
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from shared.vlm.protocol import Description, VisionLanguageModel
from training.evaluation.real_pictures.picture_sets import PictureSet
from training.evaluation.real_pictures.pictures.selection import Picture
from training.evaluation.real_words.reference import measure_file
from training.evaluation.real_words.word_sets import MEDIUMS, OWN_MEDIUMS, STYLES
from training.evaluation.scoring import in_batches

MEASURED: Final = (Element.COLOR, Element.SATURATION, Element.DETAIL)
LABELED: Final = (Element.MEDIUM, Element.ART_STYLE)


@dataclass(frozen=True)
class CheckedPicture:
    """The words of one picture, and what is right."""

    described: Mapping[Element, str]
    """One word for each element that the model names."""
    measured: Mapping[Element, str]
    """The words of the reference; a gray picture has no color."""
    kind: str
    has_transparency: bool

    def agrees(self, element: Element) -> bool:
        """Whether the word is the measured one, or none where nothing is measured."""
        return self.described.get(element) == self.measured.get(element)

    def names(self, element: Element) -> bool:
        return element in self.described

    def is_right(self, element: Element) -> bool:
        """Whether the named medium or style is right for the kind."""
        right = MEDIUMS[self.kind] if element is Element.MEDIUM else STYLES.get(self.kind, ())
        return self.described.get(element) in right

    @property
    def has_words_of_a_drawing(self) -> bool:
        """Whether it gets any art style, or a medium that only drawings have."""
        medium = self.described.get(Element.MEDIUM)
        return self.names(Element.ART_STYLE) or (medium is not None and medium not in OWN_MEDIUMS)


async def check_pictures(
    model: VisionLanguageModel, picture_set: PictureSet, pictures: Sequence[Picture]
) -> list[CheckedPicture]:
    """Decode, describe and measure the pictures of a set; refused pictures are left out."""
    settings = ImageSettings()
    images: list[Image] = []
    kept: list[Picture] = []
    for picture in pictures:
        try:
            images.append(decode(picture.data, picture.path, settings))
        except Unprocessable:
            continue
        kept.append(picture)
    described = await in_batches(model.describe, images)
    references = await asyncio.to_thread(lambda: [measure_file(p.data) for p in kept])
    return [
        CheckedPicture(
            _words(description), reference.words, picture_set.kind, reference.has_transparency
        )
        for description, reference in zip(described, references, strict=True)
    ]


def _words(description: Description) -> dict[Element, str]:
    return {element: words[0] for element, words in description.words.items() if words}
