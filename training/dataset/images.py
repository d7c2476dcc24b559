"""Fetch each image once, store it by its content, and detect copies of the same image."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.files.atomic_write import atomic_file
from shared.images.loader import LoadedImage, LoadResult
from training.dataset.near_duplicates import groups, signature

ImageKey = tuple[str, str]
"""Tenant and image id."""
BATCH = 64
"""Images in memory together, 3 MB each."""


class ImageSource(Protocol):
    """Loads images by address (`shared.images.loader`)."""

    async def load_many(self, uris: Sequence[str]) -> list[LoadResult]: ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class StoredImages:
    """The images that could be loaded."""

    files: Mapping[ImageKey, str]
    """Name of the stored file, by its content: equal bytes are one file."""
    images: Mapping[str, str]
    """For each file the first file that shows the same image (`near_duplicates`)."""
    rejected: Mapping[str, int]
    """Images that could not be loaded, by reason."""

    def same(self, a: ImageKey, b: ImageKey) -> bool:
        return self.image(a) == self.image(b)

    def image(self, key: ImageKey) -> str:
        return self.images[self.files[key]]


def store_images(
    uris: Mapping[ImageKey, str], images: ImageSource, folder: Path, *, side: int
) -> StoredImages:
    """Store every image in `folder`, its longer side at most `side` pixels; existing files stay.

    Closes `images` at the end: its connections belong to the event loop that runs here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_store(uris, images, folder, side))


async def _store(
    uris: Mapping[ImageKey, str], images: ImageSource, folder: Path, side: int
) -> StoredImages:
    keys = sorted(uris)
    files: dict[ImageKey, str] = {}
    rejected: Counter[str] = Counter()
    signatures = {}
    try:
        for begin in range(0, len(keys), BATCH):
            batch = keys[begin : begin + BATCH]
            loaded = await images.load_many([uris[key] for key in batch])
            for key, image in zip(batch, loaded, strict=True):
                if isinstance(image, LoadedImage):
                    files[key] = _write(image, folder, side)
                    if files[key] not in signatures:
                        signatures[files[key]] = signature(image.pixels)
                else:
                    rejected[_reason(image)] += 1
    finally:
        await images.close()
    return StoredImages(files, groups(signatures), dict(rejected))


def _write(image: LoadedImage, folder: Path, side: int) -> str:
    small = image.pixels.copy()
    small.thumbnail((side, side), Image.Resampling.BICUBIC)
    path = folder / f"{image.content_hash}.png"
    if not path.exists():
        with atomic_file(path) as stream:
            small.save(stream, "PNG", compress_level=1)
    return path.name


def _reason(error: Unprocessable | Unavailable) -> str:
    return error.reason if isinstance(error, Unprocessable) else "not_available"
