"""Fetch each image once, keep it by its content, and say which pictures are one and the same."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.files.atomic_write import atomic_file
from shared.images.loader import Loaded, LoadedImage
from training.dataset.near_duplicates import groups, signature

Key = tuple[str, str]
"""Tenant and image id."""
AT_A_TIME = 64
"""Images in memory at once, 3 MB each."""


class Images(Protocol):
    """Loads images by address (`shared.images.loader`)."""

    async def load_many(self, uris: Sequence[str]) -> list[Loaded]: ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Kept:
    """The images that could be had."""

    files: Mapping[Key, str]
    """Name of the stored file, by its content: equal bytes are one file."""
    pictures: Mapping[str, str]
    """Of each file the first file that shows the same picture."""
    refused: Mapping[str, int]
    """Images that could not be had, by reason."""

    def same(self, a: Key, b: Key) -> bool:
        return self.picture(a) == self.picture(b)

    def picture(self, key: Key) -> str:
        return self.pictures[self.files[key]]


def keep_images(uris: Mapping[Key, str], images: Images, folder: Path, *, side: int) -> Kept:
    """Store every image under `folder`, no longer than `side`; one that is there stays.

    Closes `images` in the end: its connections belong to the loop that ran here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_keep(uris, images, folder, side))


async def _keep(uris: Mapping[Key, str], images: Images, folder: Path, side: int) -> Kept:
    keys = sorted(uris)
    files: dict[Key, str] = {}
    refused: Counter[str] = Counter()
    signatures = {}
    try:
        for begin in range(0, len(keys), AT_A_TIME):
            batch = keys[begin : begin + AT_A_TIME]
            for key, found in zip(
                batch, await images.load_many([uris[k] for k in batch]), strict=True
            ):
                if isinstance(found, LoadedImage):
                    files[key] = _stored(found, folder, side)
                    if files[key] not in signatures:
                        signatures[files[key]] = signature(found.pixels)
                else:
                    refused[_reason(found)] += 1
    finally:
        await images.close()
    return Kept(files, groups(signatures), dict(refused))


def _stored(image: LoadedImage, folder: Path, side: int) -> str:
    small = image.pixels.copy()
    small.thumbnail((side, side), Image.Resampling.BICUBIC)
    path = folder / f"{image.content_hash}.png"
    if not path.exists():
        with atomic_file(path) as stream:
            small.save(stream, "PNG", compress_level=1)
    return path.name


def _reason(refusal: Unprocessable | Unavailable) -> str:
    return refusal.reason if isinstance(refusal, Unprocessable) else "not_available"
