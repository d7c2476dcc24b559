"""Read the words of real pictures, once for each content; drawings are left to the model."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from PIL import Image

from shared.domain.images.picture_alpha import ALPHA
from shared.domain.taste import Element
from shared.vlm.pictures.measured_words import EDGES, GRAY, HUES, SATURATIONS, Measurement, measure
from shared.vlm.pictures.medium_classifier import MIN_SIDE, Classified, MediumClassifier
from shared.vlm.pictures.picture_features import PictureFeatures
from shared.vlm.pictures.shown_words import ShownWords
from shared.vlm.pictures.visible_part import visible_part

KEPT: Final = 20_000
"""Pictures whose words are kept in memory, about 20 MB: a candidate is scored for many users."""
PIXEL_ART: Final = "pixel art"
"""The only class that is an art style; all others are mediums."""
PIXEL_ART_MEDIUM: Final = "digital"
MIN_PROBABILITY: Final = 0.55
"""Of the word that describes the picture: its digit is then the most probable one."""


class PictureReader:
    """Reads the words of pictures; not thread-safe, and blocks while it computes."""

    def __init__(self, classifier: MediumClassifier, features: PictureFeatures) -> None:
        self._classifier = classifier
        self._features = features
        self._kept: OrderedDict[bytes, ShownWords | None] = OrderedDict()

    def read(self, pictures: Sequence[Image.Image]) -> list[ShownWords | None]:
        """The words of each RGB picture; None for a drawing of the kind that the model knows."""
        keys = [_content(picture) for picture in pictures]
        new = {
            key: picture
            for key, picture in zip(keys, pictures, strict=True)
            if key not in self._kept
        }
        words = dict(zip(new, self._read(list(new.values())), strict=True))
        read = {key: words[key] if key in words else self._kept[key] for key in keys}
        for key, shown in read.items():
            self._kept[key] = shown
            self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return [read[key] for key in keys]

    def _read(self, pictures: Sequence[Image.Image]) -> list[ShownWords | None]:
        if not pictures:
            return []
        # A conversion of the mode keeps `info`, and so the alpha channel.
        rgb = [picture.convert("RGB") for picture in pictures]
        parts = [visible_part(picture) for picture in rgb]
        statistics = self._features.statistics(rgb, parts)
        shown: list[ShownWords | None] = [None] * len(rgb)
        left = np.flatnonzero(~self._classifier.surely_drawings(statistics))
        if len(left):
            textures = self._features.textures([parts[k] for k in left])
            classified = self._classifier.classify(statistics[left], textures)
            for k, kind in zip(left, classified, strict=True):
                if not kind.is_drawing:
                    is_large = min(rgb[k].size) >= MIN_SIDE
                    shown[k] = _shown(measure(rgb[k], parts[k]), kind, is_large=is_large)
        return shown


def _shown(measured: Measurement, kind: Classified, *, is_large: bool) -> ShownWords:
    probabilities = {
        Element.SATURATION: _between(measured.saturation, SATURATIONS),
        Element.DETAIL: _between(
            float(np.log(max(measured.edges, 1e-6))),
            {word: float(np.log(edges)) for word, edges in EDGES.items()},
        ),
    }
    if measured.saturation >= GRAY:
        probabilities[Element.COLOR] = _between_hues(measured.hue)
    if kind.medium is not None and is_large:
        word_of = {Element.MEDIUM: kind.medium}
        if kind.medium == PIXEL_ART:
            word_of = {Element.ART_STYLE: PIXEL_ART, Element.MEDIUM: PIXEL_ART_MEDIUM}
        share = max(kind.probability, MIN_PROBABILITY)
        probabilities |= {element: {word: share} for element, word in word_of.items()}
    return ShownWords(probabilities)


def _between(value: float, levels: Mapping[str, float]) -> dict[str, float]:
    """The two nearest levels, each with a share that falls with its distance."""
    nearest, second = sorted(levels, key=lambda word: abs(levels[word] - value))[:2]
    gap = levels[second] - levels[nearest]
    if (value - levels[nearest]) * gap <= 0:
        return {nearest: 1.0}  # beyond the end of the scale
    share = max(MIN_PROBABILITY, (levels[second] - value) / gap)
    return {nearest: share, second: 1 - share}


def _between_hues(degrees: float) -> dict[str, float]:
    """The two colors next to a hue on the color wheel, which has no end."""
    from_hue = {word: (center - degrees + 180) % 360 - 180 for word, center in HUES.items()}
    return _between(0.0, from_hue)


def _content(picture: Image.Image) -> bytes:
    digest = hashlib.blake2b(picture.tobytes(), digest_size=16)
    digest.update(f"{picture.mode} {picture.size}".encode())
    alpha = picture.info.get(ALPHA)
    if isinstance(alpha, Image.Image):
        digest.update(alpha.tobytes())
    return digest.digest()
