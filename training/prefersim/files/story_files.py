"""Write the image files of the demo: a liked, a disliked and a new combination of values.

python -m training.prefersim.files.story_files runs/story --seed 7
"""

import argparse
import json
from pathlib import Path

import numpy as np

from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.files.demo_files import SCALE
from training.prefersim.values.vocabulary import SIZES, Attributes, words_of

REFERENCES = 5
"""References per side, as in the paper (arXiv 2511.00609)."""
SLATE = {"liked": 5, "disliked": 5, "new": 5}
"""Candidates of each kind; `new` has no value in common with the other kinds."""


def write_story_files(folder: Path, *, seed: int) -> None:
    """Write PNG files into `liked/`, `disliked/` and `slate/`, and `truth.json`, for a seed."""
    rng = np.random.default_rng(seed)
    tastes = dict(zip(SLATE, _three_tastes(rng), strict=True))
    for side in ("liked", "disliked"):
        names = [f"{side}-{number}.png" for number in range(1, REFERENCES + 1)]
        _write(folder / side, names, np.tile(tastes[side], (REFERENCES, 1)), rng)
    kinds = rng.permutation([kind for kind, count in SLATE.items() for _ in range(count)])
    slate = {f"drawing-{number:02}.png": str(kind) for number, kind in enumerate(kinds, start=1)}
    values = np.stack([tastes[kind] for kind in slate.values()])
    _write(folder / "slate", list(slate), values, rng)
    truth = {"slate": slate, "words": {k: words_of(taste) for k, taste in tastes.items()}}
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def _three_tastes(rng: np.random.Generator) -> Attributes:
    """Three value combinations that differ in every element: (3, 5)."""
    return np.stack([rng.permutation(size)[: len(SLATE)] for size in SIZES], axis=1)


def _write(folder: Path, names: list[str], values: Attributes, rng: np.random.Generator) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in zip(names, render(draw_scenes(rng, len(values)), values, rng), strict=True):
        image = as_image(pixels)
        image.resize((image.width * SCALE, image.height * SCALE), resample=0).save(folder / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="folder for the files")
    parser.add_argument("--seed", type=int, default=7, help="seed of the images (default 7)")
    options = parser.parse_args()
    write_story_files(options.folder, seed=options.seed)


if __name__ == "__main__":
    main()
