"""Degrade drawings: weaker cues, noise, blur, JPEG, other sizes and aspect ratios.

A random generator decides everything, so the same seed gives the same image.
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
"""Probability that the cue of an element is drawn at half strength."""

NOISY, BLURRED, COMPRESSED = 0.5, 0.4, 0.7
"""Probabilities of noise, of blur and of JPEG compression."""
MOST_NOISE: Final = 18.0
"""Largest standard deviation of the noise, on the scale 0-255."""
MOST_BLUR: Final = 0.9
"""Largest radius in pixels of the canvas: a thread of 4 pixels is still visible."""
WORST_QUALITY, BEST_QUALITY = 30, 95
SIZES_OF_FILES: Final = (84, 336)
"""Smallest and largest longer side in pixels, drawn log-uniformly."""
WIDEST: Final = 1.5
"""Aspect ratios are between 2:3 and 3:2."""
RESAMPLING: Final = (
    Image.Resampling.NEAREST,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
)


@dataclass(frozen=True)
class Degradation:
    """Parameters of the degradation of one drawing."""

    aspect: float
    """Width divided by height of the part of the drawing that is kept."""
    longer_side: int
    """Pixels."""
    resampling: Image.Resampling
    blur: float
    """Radius in pixels of the canvas; 0 means no blur."""
    noise: float
    """Standard deviation on the scale 0-255; 0 means no noise."""
    quality: int | None
    """JPEG quality 1-95, or None for an image without JPEG compression."""


CLEAN: Final = Degradation(1.0, SIDE, Image.Resampling.NEAREST, 0.0, 0.0, None)


def draw_strength(rng: np.random.Generator, count: int) -> Floats:
    """Full or half strength of every cue of every drawing, for `render`: (n, 5)."""
    weak = rng.random((count, len(ELEMENTS))) < HALF_SHARE
    return np.where(weak, HALF, 1).astype(np.float32)


def draw_degradation(rng: np.random.Generator) -> Degradation:
    """Draw random parameters; a few images stay nearly clean."""
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


def apply(pixels: Pixels, degradation: Degradation, rng: np.random.Generator) -> Image.Image:
    """Blur, crop, add noise to, resize and compress one drawing (SIDE, SIDE, 3)."""
    image = _reshaped(pixels, degradation, rng)
    if degradation.quality is None:
        return image
    with Image.open(io.BytesIO(_encoded(image, degradation))) as decoded:
        return decoded.convert("RGB")


def as_file(pixels: Pixels, degradation: Degradation, rng: np.random.Generator) -> bytes:
    """The result of `apply` as the bytes of a JPEG file, or of a PNG file without a quality."""
    return _encoded(_reshaped(pixels, degradation, rng), degradation)


def _reshaped(pixels: Pixels, degradation: Degradation, rng: np.random.Generator) -> Image.Image:
    image = Image.fromarray(pixels)
    if degradation.blur:
        image = image.filter(ImageFilter.GaussianBlur(degradation.blur))
    width = round(SIDE * min(1.0, degradation.aspect))
    height = round(SIDE * min(1.0, 1 / degradation.aspect))
    left, top = (int(rng.integers(SIDE - kept + 1)) for kept in (width, height))
    image = image.crop((left, top, left + width, top + height))
    if degradation.noise:
        image = _with_noise(image, degradation.noise, rng)
    scale = degradation.longer_side / SIDE
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image if size == image.size else image.resize(size, degradation.resampling)


def degrade(pixels: Pixels, rng: np.random.Generator) -> Image.Image:
    """One drawing (SIDE, SIDE, 3) with random degradation."""
    return apply(pixels, draw_degradation(rng), rng)


def degrade_to_canvas(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Degrade drawings (n, SIDE, SIDE, 3) independently, and resize them back to the square."""
    square = (SIDE, SIDE)
    return np.stack(
        [np.asarray(degrade(p, rng).resize(square, Image.Resampling.BICUBIC)) for p in pixels]
    )


def _with_noise(image: Image.Image, deviation: float, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(image, np.float32)
    noisy = pixels + deviation * rng.standard_normal(pixels.shape, np.float32)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _encoded(image: Image.Image, degradation: Degradation) -> bytes:
    memory = io.BytesIO()
    if degradation.quality is None:
        image.save(memory, "PNG")
    else:
        image.save(memory, "JPEG", quality=degradation.quality)
    return memory.getvalue()
