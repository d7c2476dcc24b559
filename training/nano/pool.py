"""Render a pool of drawings to disk and draw from it by what they show.

python -m training.nano.pool runs/nano/train --images 60000 --seed 1
"""

import argparse
import multiprocessing
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.prefersim.canvas import SIDE
from training.prefersim.renderer import Pixels, render
from training.prefersim.scenes import draw_scenes
from training.prefersim.vocabulary import SIZES, Attributes, held_out, sample_attributes

CHUNK = 250
"""Drawings a worker makes from one seed."""
AT_ONCE = 50
"""Drawings rendered together: larger batches leave the processor's cache."""


@dataclass(frozen=True)
class Pool:
    """Rendered drawings and what they show; the pixels may lie on disk."""

    pixels: Pixels
    attributes: Attributes
    by_key: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]

    @classmethod
    def of(cls, pixels: Pixels, attributes: Attributes) -> "Pool":
        keys = np.ravel_multi_index(tuple(attributes.T), SIZES)
        by_key = np.argsort(keys, kind="stable")
        every_key = np.arange(np.prod(SIZES))
        first = np.searchsorted(keys[by_key], every_key)
        last = np.searchsorted(keys[by_key], every_key, side="right")
        return cls(pixels, attributes, by_key, first, last)

    @classmethod
    def load(cls, folder: Path) -> "Pool":
        pixels = np.load(folder / "pixels.npy", mmap_mode="r")
        return cls.of(pixels, np.load(folder / "attributes.npy"))

    def __len__(self) -> int:
        return len(self.attributes)

    def find(self, rng: np.random.Generator, attributes: Attributes) -> int | None:
        """Any drawing with exactly these values, or None when the pool has none."""
        key = np.ravel_multi_index(tuple(attributes), SIZES)
        if self.first[key] == self.last[key]:
            return None
        return int(self.by_key[rng.integers(self.first[key], self.last[key])])

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """Which drawings a training user may meet."""
        return ~held_out(self.attributes)


def render_pool(count: int, *, seed: int, workers: int) -> tuple[Pixels, Attributes]:
    """Drawings of evenly sampled values, the same for a seed however many workers there are."""
    chunks = -(-count // CHUNK)
    if workers == 1:
        done = [_chunk(k, seed=seed) for k in range(chunks)]
    else:
        with multiprocessing.get_context("fork").Pool(workers) as processes:
            done = processes.map(partial(_chunk, seed=seed), range(chunks))
    pixels = np.concatenate([chunk[0] for chunk in done])
    return pixels[:count], np.concatenate([chunk[1] for chunk in done])[:count]


def as_from_a_file(pixels: Pixels, *, scale: int) -> Pixels:
    """A drawing as it comes back after being saved larger and resized by the image processor."""
    large = Image.fromarray(pixels).resize((SIDE * scale, SIDE * scale), Image.Resampling.NEAREST)
    return np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _chunk(number: int, *, seed: int) -> tuple[Pixels, Attributes]:
    rng = np.random.default_rng((seed, number))
    attributes = sample_attributes(rng, CHUNK)
    parts = [
        render(draw_scenes(rng, AT_ONCE), attributes[k : k + AT_ONCE], rng)
        for k in range(0, CHUNK, AT_ONCE)
    ]
    pixels = np.concatenate(parts)
    for k in range(0, CHUNK, 2):  # every second one: the model meets both kinds in use
        pixels[k] = as_from_a_file(pixels[k], scale=int(rng.integers(2, 6)))
    return pixels, attributes


def write_pool(folder: Path, *, count: int, seed: int, workers: int) -> None:
    """Render and save; the values are written last, so a folder that has them is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels, attributes = render_pool(count, seed=seed, workers=workers)
    np.save(folder / "pixels.npy", pixels)
    np.save(folder / "attributes.npy", attributes)


def main() -> None:
    parser = argparse.ArgumentParser(description="Render a pool of drawings to a folder.")
    parser.add_argument("folder", type=Path, help="where pixels.npy and attributes.npy go")
    parser.add_argument("--images", type=int, default=60_000, help="how many (default 60,000)")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    start = time.monotonic()
    write_pool(options.folder, count=options.images, seed=options.seed, workers=options.workers)
    seconds = time.monotonic() - start
    print(f"{options.images} drawings in {seconds:.0f} s, in {options.folder}.")


if __name__ == "__main__":
    main()
