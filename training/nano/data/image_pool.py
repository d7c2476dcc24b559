"""Render a pool of training images to disk, and find images in it by their values.

python -m training.nano.data.image_pool runs/nano/train --images 120000 --seed 1

Of a hundred images about 42 are clean drawings, 42 are degraded drawings (cues at half strength,
cropped, blurred, noisy, compressed), and 16 are restyled photographs.
"""

import argparse
import os
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from training.nano.data.attribute_index import AttributeIndex
from training.prefersim.drawing.canvas import SIDE
from training.prefersim.drawing.degradations import (
    apply,
    degrade_to_canvas,
    draw_degradation,
    draw_strength,
)
from training.prefersim.drawing.parallel import map_in_order
from training.prefersim.drawing.photographs import draw_photographs
from training.prefersim.drawing.renderer import Pixels, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import (
    SIZES,
    UNKNOWN_VALUE,
    Attributes,
    sample_attributes,
)

CHUNK: Final = 250
"""Images that a worker makes from one seed."""
RENDER_BATCH: Final = 50
"""Drawings that are rendered together: larger batches do not fit the processor's cache."""
PHOTOGRAPHS: Final = 40
"""Photographs in a chunk."""
DEGRADED: Final = 0.5
"""Share of degraded drawings, and of photographs that come from JPEGs of other sizes."""
KNOWN_IN_PHOTOGRAPHS: Final = (1, 3, 4)
"""Indices of the elements that are known for a photograph: color, saturation and detail."""


@dataclass(frozen=True)
class Pool:
    """Images and the values that they show; the pixels may be a memory map of a file."""

    pixels: Pixels
    attributes: Attributes
    """(n, 5); `UNKNOWN_VALUE` for the style and medium of photographs."""
    drawings: AttributeIndex
    photographs: AttributeIndex

    @classmethod
    def of(cls, pixels: Pixels, attributes: Attributes) -> "Pool":
        is_photograph = (attributes == UNKNOWN_VALUE).any(1)
        drawn, photographs = np.flatnonzero(~is_photograph), np.flatnonzero(is_photograph)
        known = list(KNOWN_IN_PHOTOGRAPHS)
        return cls(
            pixels,
            attributes,
            drawings=AttributeIndex.of(attributes[drawn], drawn, SIZES),
            photographs=AttributeIndex.of(
                attributes[photographs][:, known], photographs, [SIZES[k] for k in known]
            ),
        )

    @classmethod
    def load(cls, folder: Path) -> "Pool":
        pixels = np.load(folder / "pixels.npy", mmap_mode="r")
        return cls.of(pixels, np.load(folder / "attributes.npy"))

    def __len__(self) -> int:
        return len(self.attributes)

    def find(self, rng: np.random.Generator, attributes: Attributes) -> int | None:
        """A random image with exactly these values, or None; a photograph for an unknown style."""
        if attributes[0] == UNKNOWN_VALUE:
            return self.photographs.find(rng, attributes[list(KNOWN_IN_PHOTOGRAPHS)])
        return self.drawings.find(rng, attributes)


def render_into(pixels: Pixels, *, seed: int, workers: int) -> Attributes:
    """Fill `pixels` (n, SIDE, SIDE, 3) chunk by chunk and return their values (n, 5).

    Values are drawn uniformly. The result depends on the seed, not on the number of workers.
    """
    count = len(pixels)
    attributes = np.empty((count, len(SIZES)), np.int64)
    chunks, make = range(-(-count // CHUNK)), partial(_chunk, seed=seed)
    rendered = map_in_order(make, chunks, workers=workers)
    for k, (drawn, shown) in zip(chunks, rendered, strict=True):
        place = slice(k * CHUNK, min((k + 1) * CHUNK, count))
        pixels[place] = drawn[: place.stop - place.start]
        attributes[place] = shown[: place.stop - place.start]
    return attributes


def as_resized_file(pixels: Pixels, *, scale: int) -> Pixels:
    """A drawing that was saved larger and then resized by the image processor."""
    large = Image.fromarray(pixels).resize((SIDE * scale, SIDE * scale), Image.Resampling.NEAREST)
    return np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _chunk(number: int, *, seed: int) -> tuple[Pixels, Attributes]:
    """Drawings and photographs in random order, so that every part of a chunk is a mixture."""
    rng = np.random.default_rng((seed, number))
    attributes = sample_attributes(rng, CHUNK - PHOTOGRAPHS)
    drawings = _drawings(rng, attributes)
    photographs, shown = photographs_as_files(rng, PHOTOGRAPHS)
    order = rng.permutation(CHUNK)
    pixels = np.concatenate([drawings, photographs])[order]
    return pixels, np.concatenate([attributes, shown])[order]


def photographs_as_files(rng: np.random.Generator, count: int) -> tuple[Pixels, Attributes]:
    """Restyled photographs; the first half is read from JPEGs of other sizes.

    They get no noise and no blur, because their sharpness is the value of the element detail.
    """
    photographs, shown = draw_photographs(rng, count)
    for k in range(int(DEGRADED * count)):
        drawn = draw_degradation(rng)
        saved = apply(photographs[k], replace(drawn, blur=0.0, noise=0.0), rng)
        photographs[k] = np.asarray(saved.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return photographs, shown


def _drawings(rng: np.random.Generator, attributes: Attributes) -> Pixels:
    """Clean drawings in the first half, every second one read from a larger file; then degraded."""
    count = len(attributes)
    degraded = int(DEGRADED * count)
    strength = np.ones((count, len(SIZES)), np.float32)
    strength[count - degraded :] = draw_strength(rng, degraded)
    parts = [
        render(
            draw_scenes(rng, len(attributes[k : k + RENDER_BATCH])),
            attributes[k : k + RENDER_BATCH],
            rng,
            strength=strength[k : k + RENDER_BATCH],
        )
        for k in range(0, count, RENDER_BATCH)
    ]
    pixels = np.concatenate(parts)
    for k in range(0, count - degraded, 2):  # serving gets both kinds
        pixels[k] = as_resized_file(pixels[k], scale=int(rng.integers(2, 6)))
    pixels[count - degraded :] = degrade_to_canvas(pixels[count - degraded :], rng)
    return pixels


def write_pool(folder: Path, *, count: int, seed: int, workers: int) -> None:
    """Render and save a pool; `attributes.npy` is written last and marks a complete folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = (count, SIDE, SIDE, 3)
    file = np.lib.format.open_memmap(folder / "pixels.npy", "w+", np.uint8, shape)
    attributes = render_into(file, seed=seed, workers=workers)
    file.flush()
    np.save(folder / "attributes.npy", attributes)


def main() -> None:
    parser = argparse.ArgumentParser(description="Render a pool of images to a folder.")
    parser.add_argument("folder", type=Path, help="folder for pixels.npy and attributes.npy")
    parser.add_argument("--images", type=int, default=120_000, help="default 120,000")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    start = time.monotonic()
    write_pool(options.folder, count=options.images, seed=options.seed, workers=options.workers)
    seconds = time.monotonic() - start
    print(f"{options.images} images in {seconds:.0f} s, in {options.folder}.")


if __name__ == "__main__":
    main()
