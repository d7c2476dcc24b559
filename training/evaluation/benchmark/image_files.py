"""Open the image files of items, a few at a time; remember which cannot be decoded, and why."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.images.decoding import decode
from shared.images.settings import ImageSettings
from shared.vlm.protocol import References


class Pictures:
    """Decoded as the services decode; remembers what was broken."""

    def __init__(self) -> None:
        self._settings = ImageSettings()
        self._broken: dict[Path, Unprocessable] = {}

    def open(self, paths: Sequence[Path]) -> tuple[Image, ...] | None:
        """All of these images, or None when one is broken."""
        opened: list[Image] = []
        for path in paths:
            if path not in self._broken:
                try:
                    opened.append(decode(path.read_bytes(), path.name, self._settings))
                except Unprocessable as error:
                    self._broken[path] = error
        return tuple(opened) if len(opened) == len(paths) else None

    def references(self, liked: Sequence[Path], disliked: Sequence[Path]) -> References | None:
        """A user's references, or None when one is broken."""
        ups, downs = self.open(liked), self.open(disliked)
        return None if ups is None or downs is None else References(ups, downs)

    def reason(self, paths: Iterable[Path]) -> str:
        """Why one of these images could not be opened."""
        return next(self._broken[path].reason for path in paths if path in self._broken)
