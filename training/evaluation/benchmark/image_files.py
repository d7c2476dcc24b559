"""Read image files as the services decode them; remember which files are broken, and why."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.images.decoding.image_file import read_image
from shared.images.settings import ImageSettings
from shared.vlm.protocol import References


class ImageFiles:
    """Opens image files of a benchmark; a broken file is decoded once and then remembered."""

    def __init__(self) -> None:
        self._settings = ImageSettings()
        self._broken: dict[Path, Unprocessable] = {}

    def open(self, paths: Sequence[Path]) -> tuple[Image, ...] | None:
        """All of these images, or None when one is broken."""
        images: list[Image] = []
        for path in paths:
            if path not in self._broken:
                try:
                    images.append(read_image(path, self._settings))
                except Unprocessable as error:
                    self._broken[path] = error
        return tuple(images) if len(images) == len(paths) else None

    def references(self, liked: Sequence[Path], disliked: Sequence[Path]) -> References | None:
        """A user's references, or None when one image is broken."""
        liked_images, disliked_images = self.open(liked), self.open(disliked)
        if liked_images is None or disliked_images is None:
            return None
        return References(liked_images, disliked_images)

    def reason(self, paths: Iterable[Path]) -> str:
        """Why the first broken image of these could not be decoded."""
        return next(self._broken[path].reason for path in paths if path in self._broken)
