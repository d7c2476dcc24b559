"""Lay out drawings of every value on one picture, to look at what the simulator draws.

python -m training.prefersim.contact_sheet runs/sheet.png
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from shared.taste import ELEMENTS
from training.prefersim.canvas import SIDE
from training.prefersim.renderer import Pixels, as_image, render
from training.prefersim.scenes import draw_scenes
from training.prefersim.vocabulary import SIZES, VALUES, sample_attributes, words_of

COLUMNS = 12
WIDTH = 2 * SIDE
CAPTION = 16
USUAL = (1, 7, 4, 2, 0)
"""Pop art, blue, digital, bold, plain: what does not vary in the rows of one element."""

Row = tuple[Pixels, list[str]]


def contact_sheet(seed: int = 0) -> Image.Image:
    """One row for each element, in which only that element changes, then four rows of anything."""
    rng = np.random.default_rng(seed)
    rows = [_one_element(rng, j) for j in range(len(ELEMENTS))] + [_anything(rng) for _ in range(4)]
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
    attributes = np.tile(np.array(USUAL), (COLUMNS, 1))
    attributes[:, element] = np.arange(COLUMNS) % SIZES[element]
    same = draw_scenes(rng, 1).take(np.zeros(COLUMNS, np.int64))
    names = VALUES[ELEMENTS[element]]
    return render(same, attributes, rng), [names[k] for k in attributes[:, element]]


def _anything(rng: np.random.Generator) -> Row:
    attributes = sample_attributes(rng, COLUMNS)
    captions = ["/".join(word[:5] for word in words_of(row).values()) for row in attributes]
    return render(draw_scenes(rng, COLUMNS), attributes, rng), captions


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw every value of every element on one sheet.")
    parser.add_argument("path", type=Path, help="the PNG file to write")
    parser.add_argument("--seed", type=int, default=0, help="default 0")
    options = parser.parse_args()
    options.path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(options.seed).save(options.path)
    print(f"Wrote {options.path}.")


if __name__ == "__main__":
    main()
