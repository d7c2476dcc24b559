"""Make drawings harder to read: weaker cues, noise, blur, JPEG, other sizes and aspect ratios.

Everything is decided by a random generator, so the same one gives the same image.
"""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from shared.domain.taste import ELEMENTS
from training.prefersim.drawing.canvas import SIDE, Floats
from training.prefersim.drawing.renderer import Pixels

HALF: Final = 0.5
HALF_SHARE: Final = 0.3
"""Chance of each element's cue to be drawn at half its strength."""

NOISY, BLURRED, COMPRESSED = 0.5, 0.4, 0.7
"""Chance of an image to have noise, to be blurred, to have been a JPEG."""
MOST_NOISE: Final = 18.0
"""Deviation of the noise in 0-255, of the strongest."""
MOST_BLUR: Final = 0.9
"""Radius in pixels of the canvas, of the strongest: a thread of 4 pixels can still be seen."""
WORST_QUALITY, BEST_QUALITY = 30, 95
SIZES_OF_FILES: Final = (84, 336)
"""Pixels of the longer side, drawn evenly by ratio."""
WIDEST: Final = 1.5
"""Aspect ratios run from 2:3 to 3:2."""
RESAMPLING: Final = (
    Image.Resampling.NEAREST,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
)


@dataclass(frozen=True)
class Degradation:
    """What happens to one drawing between the renderer and whoever looks at it."""

    aspect: float
    """Width by height of what is kept of the drawing."""
    longer_side: int
    """Pixels."""
    resampling: Image.Resampling
    blur: float
    """Radius in pixels of the canvas; 0 is none."""
    noise: float
    """Deviation in 0-255; 0 is none."""
    quality: int | None
    """Of the JPEG that the image once was, 1-95, or None for one that never was."""


CLEAN: Final = Degradation(1.0, SIDE, Image.Resampling.NEAREST, 0.0, 0.0, None)


def draw_strength(rng: np.random.Generator, count: int) -> Floats:
    """Full or half strength for every cue of every drawing, as `render` takes it: (n, 5)."""
    weak = rng.random((count, len(ELEMENTS))) < HALF_SHARE
    return np.where(weak, HALF, 1).astype(np.float32)


def draw_degradation(rng: np.random.Generator) -> Degradation:
    """One of varied strength; a few images stay as good as clean."""
    low, high = np.log(SIZES_OF_FILES)
    return Degradation(
        aspect=float(WIDEST ** rng.uniform(-1, 1)),
        longer_side=round(float(np.exp(rng.uniform(low, high)))),
        resampling=RESAMPLING[int(rng.integers(len(RESAMPLING)))],
        blur=float(rng.uniform(0.3, MOST_BLUR)) if rng.random() < BLURRED else 0.0,
        noise=float(rng.uniform(3, MOST_NOISE)) if rng.random() < NOISY else 0.0,
        quality=(
            int(rng.integers(WORST_QUALITY, BEST_QUALITY + 1))
            if rng.random() < COMPRESSED
            else None
        ),
    )


def apply(pixels: Pixels, how: Degradation, rng: np.random.Generator) -> Image.Image:
    """One drawing (SIDE, SIDE, 3), cropped, blurred, with noise, resized, and once a JPEG."""
    image = _reshaped(pixels, how, rng)
    if how.quality is None:
        return image
    with Image.open(io.BytesIO(_encoded(image, how))) as read:
        return read.convert("RGB")


def as_file(pixels: Pixels, how: Degradation, rng: np.random.Generator) -> bytes:
    """The same as the bytes of a JPEG file, or of a PNG where it never was a JPEG."""
    return _encoded(_reshaped(pixels, how, rng), how)


def _reshaped(pixels: Pixels, how: Degradation, rng: np.random.Generator) -> Image.Image:
    image = Image.fromarray(pixels)
    if how.blur:
        image = image.filter(ImageFilter.GaussianBlur(how.blur))
    width = round(SIDE * min(1.0, how.aspect))
    height = round(SIDE * min(1.0, 1 / how.aspect))
    left, top = (int(rng.integers(SIDE - kept + 1)) for kept in (width, height))
    image = image.crop((left, top, left + width, top + height))
    if how.noise:
        image = _with_noise(image, how.noise, rng)
    scale = how.longer_side / SIDE
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image if size == image.size else image.resize(size, how.resampling)


def degrade(pixels: Pixels, rng: np.random.Generator) -> Image.Image:
    """One drawing (SIDE, SIDE, 3) with a degradation drawn for it."""
    return apply(pixels, draw_degradation(rng), rng)


def degrade_to_canvas(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Drawings (n, SIDE, SIDE, 3), degraded each in its own way and squeezed back to the square."""
    square = (SIDE, SIDE)
    return np.stack(
        [np.asarray(degrade(one, rng).resize(square, Image.Resampling.BICUBIC)) for one in pixels]
    )


def _with_noise(image: Image.Image, deviation: float, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(image, np.float32)
    noisy = pixels + deviation * rng.standard_normal(pixels.shape, np.float32)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _encoded(image: Image.Image, how: Degradation) -> bytes:
    memory = io.BytesIO()
    if how.quality is None:
        image.save(memory, "PNG")
    else:
        image.save(memory, "JPEG", quality=how.quality)
    return memory.getvalue()
