"""Render a pool of images to disk and draw from it by what they show.

python -m training.nano.data.image_pool runs/nano/train --images 120000 --seed 1

Of every hundred images some 42 are drawings as they leave the renderer, 42 are drawings with cues
at half strength, cropped, blurred, noisy and compressed, and 16 are restyled photographs.
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

from training.nano.data.attribute_index import Shelves
from training.prefersim.drawing.canvas import SIDE
from training.prefersim.drawing.degradations import (
    apply,
    degrade_to_canvas,
    draw_degradation,
    draw_strength,
)
from training.prefersim.drawing.parallel import in_order
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
"""Images a worker makes from one seed."""
AT_ONCE: Final = 50
"""Drawings rendered together: larger batches leave the processor's cache."""
PHOTOGRAPHS: Final = 40
"""Of a chunk."""
DEGRADED: Final = 0.5
"""Share of the drawings; the same share of the photographs comes from JPEGs of other sizes."""
KNOWN_IN_PHOTOGRAPHS: Final = (1, 3, 4)
"""Of the five elements those that are known of a photograph: color, saturation and detail."""


@dataclass(frozen=True)
class Pool:
    """Images and what they show; the pixels may lie on disk."""

    pixels: Pixels
    attributes: Attributes
    """Unknown for a photograph's style and medium."""
    drawings: Shelves
    photographs: Shelves

    @classmethod
    def of(cls, pixels: Pixels, attributes: Attributes) -> "Pool":
        photographed = (attributes == UNKNOWN_VALUE).any(1)
        drawn, taken = np.flatnonzero(~photographed), np.flatnonzero(photographed)
        known = list(KNOWN_IN_PHOTOGRAPHS)
        return cls(
            pixels,
            attributes,
            drawings=Shelves.of(attributes[drawn], drawn, SIZES),
            photographs=Shelves.of(attributes[taken][:, known], taken, [SIZES[k] for k in known]),
        )

    @classmethod
    def load(cls, folder: Path) -> "Pool":
        pixels = np.load(folder / "pixels.npy", mmap_mode="r")
        return cls.of(pixels, np.load(folder / "attributes.npy"))

    def __len__(self) -> int:
        return len(self.attributes)

    def find(self, rng: np.random.Generator, attributes: Attributes) -> int | None:
        """Any image with exactly these values, or None: a photograph where the style is unknown."""
        if attributes[0] == UNKNOWN_VALUE:
            return self.photographs.find(rng, attributes[list(KNOWN_IN_PHOTOGRAPHS)])
        return self.drawings.find(rng, attributes)


def render_pool(count: int, *, seed: int, workers: int) -> tuple[Pixels, Attributes]:
    """Images of evenly sampled values, the same for a seed however many workers there are."""
    pixels = np.empty((count, SIDE, SIDE, 3), np.uint8)
    return pixels, _render_into(pixels, seed=seed, workers=workers)


def _render_into(pixels: Pixels, *, seed: int, workers: int) -> Attributes:
    """Fill `pixels` chunk by chunk and return what they show."""
    count = len(pixels)
    attributes = np.empty((count, len(SIZES)), np.int64)
    chunks, make = range(-(-count // CHUNK)), partial(_chunk, seed=seed)
    done = in_order(make, chunks, workers=workers)
    for k, (drawn, shown) in zip(chunks, done, strict=True):
        place = slice(k * CHUNK, min((k + 1) * CHUNK, count))
        pixels[place] = drawn[: place.stop - place.start]
        attributes[place] = shown[: place.stop - place.start]
    return attributes


def as_from_a_file(pixels: Pixels, *, scale: int) -> Pixels:
    """A drawing as it comes back after being saved larger and resized by the image processor."""
    large = Image.fromarray(pixels).resize((SIDE * scale, SIDE * scale), Image.Resampling.NEAREST)
    return np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _chunk(number: int, *, seed: int) -> tuple[Pixels, Attributes]:
    """A mixture in random order, so that any part of a chunk is one too."""
    rng = np.random.default_rng((seed, number))
    attributes = sample_attributes(rng, CHUNK - PHOTOGRAPHS)
    drawings = _drawings(rng, attributes)
    photographs, shown = photographs_as_files(rng, PHOTOGRAPHS)
    order = rng.permutation(CHUNK)
    pixels = np.concatenate([drawings, photographs])[order]
    return pixels, np.concatenate([attributes, shown])[order]


def photographs_as_files(rng: np.random.Generator, count: int) -> tuple[Pixels, Attributes]:
    """Restyled photographs, the first half of them from JPEGs of other sizes.

    Without noise or blur: how sharp a photograph is, is what its detail says.
    """
    photographs, shown = draw_photographs(rng, count)
    for k in range(int(DEGRADED * count)):
        drawn = draw_degradation(rng)
        saved = apply(photographs[k], replace(drawn, blur=0.0, noise=0.0), rng)
        photographs[k] = np.asarray(saved.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return photographs, shown


def _drawings(rng: np.random.Generator, attributes: Attributes) -> Pixels:
    """The first half as it is drawn, or saved larger and read back; the rest degraded."""
    count = len(attributes)
    degraded = int(DEGRADED * count)
    strength = np.ones((count, len(SIZES)), np.float32)
    strength[count - degraded :] = draw_strength(rng, degraded)
    parts = [
        render(
            draw_scenes(rng, len(attributes[k : k + AT_ONCE])),
            attributes[k : k + AT_ONCE],
            rng,
            strength=strength[k : k + AT_ONCE],
        )
        for k in range(0, count, AT_ONCE)
    ]
    pixels = np.concatenate(parts)
    for k in range(0, count - degraded, 2):  # the model meets both kinds in use
        pixels[k] = as_from_a_file(pixels[k], scale=int(rng.integers(2, 6)))
    pixels[count - degraded :] = degrade_to_canvas(pixels[count - degraded :], rng)
    return pixels


def write_pool(folder: Path, *, count: int, seed: int, workers: int) -> None:
    """Render and save; the values are written last, so a folder that has them is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = (count, SIDE, SIDE, 3)
    file = np.lib.format.open_memmap(folder / "pixels.npy", "w+", np.uint8, shape)
    attributes = _render_into(file, seed=seed, workers=workers)
    file.flush()
    np.save(folder / "attributes.npy", attributes)


def main() -> None:
    parser = argparse.ArgumentParser(description="Render a pool of images to a folder.")
    parser.add_argument("folder", type=Path, help="where pixels.npy and attributes.npy go")
    parser.add_argument("--images", type=int, default=120_000, help="how many (default 120,000)")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    start = time.monotonic()
    write_pool(options.folder, count=options.images, seed=options.seed, workers=options.workers)
    seconds = time.monotonic() - start
    print(f"{options.images} images in {seconds:.0f} s, in {options.folder}.")


if __name__ == "__main__":
    main()
