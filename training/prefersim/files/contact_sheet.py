"""Draw one image with samples of every value, for visual inspection.

python -m training.prefersim.files.contact_sheet runs/sheet.png
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from shared.domain.taste import ELEMENTS
from training.prefersim.drawing.canvas import SIDE
from training.prefersim.drawing.degradations import HALF, degrade_to_canvas, draw_strength
from training.prefersim.drawing.photographs import draw_photographs
from training.prefersim.drawing.renderer import Pixels, as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import VALUES, Attributes, sample_attributes, words_of

COLUMNS = 12
WIDTH = 2 * SIDE
CAPTION = 16
DEFAULT_VALUES = (1, 7, 4, 2, 0)
"""Pop art, azure, digital, balanced, plain: the values of the elements that do not vary."""

Row = tuple[Pixels, list[str]]


def contact_sheet(seed: int = 0) -> Image.Image:
    """One row per element in which only this element varies, then rows of random values.

    Of the random rows, two are clean, one has all cues at half strength, one is degraded like the
    hard benchmark, and two are restyled photographs: one of training, one held out.
    """
    rng = np.random.default_rng(seed)
    rows = [_one_element(rng, j) for j in range(len(ELEMENTS))]
    rows += [_random_values(rng), _random_values(rng)]
    rows += [_random_values(rng, strength=HALF), _degraded(rng)]
    rows += [_photographs(rng, held_out=False), _photographs(rng, held_out=True)]
    sheet = Image.new("RGB", (COLUMNS * (WIDTH + 6), len(rows) * (WIDTH + CAPTION + 4)), "white")
    pen = ImageDraw.Draw(sheet)
    for y, (pixels, captions) in enumerate(rows):
        for x, (drawing, caption) in enumerate(zip(pixels, captions, strict=True)):
            corner = (x * (WIDTH + 6), y * (WIDTH + CAPTION + 4))
            pen.text((corner[0] + 2, corner[1] + 2), caption, fill="black")
            large = as_image(drawing).resize((WIDTH, WIDTH), resample=0)
            sheet.paste(large, (corner[0], corner[1] + CAPTION))
    return sheet


def _one_element(rng: np.random.Generator, element: int) -> Row:
    names = VALUES[ELEMENTS[element]]
    attributes = np.tile(np.array(DEFAULT_VALUES), (len(names), 1))
    attributes[:, element] = np.arange(len(names))
    scenes = draw_scenes(rng, 1).take(np.zeros(len(names), np.int64))
    return render(scenes, attributes, rng), list(names)


def _random_values(rng: np.random.Generator, *, strength: float = 1) -> Row:
    attributes = sample_attributes(rng, COLUMNS)
    strengths = np.full((COLUMNS, len(ELEMENTS)), strength, np.float32)
    return render(draw_scenes(rng, COLUMNS), attributes, rng, strengths), _captions(attributes)


def _degraded(rng: np.random.Generator) -> Row:
    attributes = sample_attributes(rng, COLUMNS)
    weakened = render(draw_scenes(rng, COLUMNS), attributes, rng, draw_strength(rng, COLUMNS))
    return degrade_to_canvas(weakened, rng), _captions(attributes)


def _photographs(rng: np.random.Generator, *, held_out: bool) -> Row:
    pixels, attributes = draw_photographs(rng, COLUMNS, held_out=held_out)
    return pixels, _captions(attributes)


def _captions(attributes: Attributes) -> list[str]:
    return ["/".join(word[:5] for word in words_of(row).values()) for row in attributes]


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw one image with samples of every value.")
    parser.add_argument("path", type=Path, help="the PNG file to write")
    parser.add_argument("--seed", type=int, default=0, help="default 0")
    options = parser.parse_args()
    options.path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(options.seed).save(options.path)
    print(f"Wrote {options.path}.")


if __name__ == "__main__":
    main()
