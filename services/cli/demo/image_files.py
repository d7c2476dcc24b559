"""Create the image files of the demo: renderings of a known taste, and real photographs."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from shared.runtime.child_process import run_child

Kind = Literal["liked", "disliked", "new", "photograph"]
PHOTOGRAPHS = ("astronaut", "cat", "coffee", "rocket")
"""Included in scikit-image, so nothing is downloaded."""
PHOTOGRAPH_SIDE_PIXELS = 512


class NoDemoFiles(Exception):
    """The simulator could not render the images; the text has its exit code and last lines."""


@dataclass(frozen=True)
class DemoFiles:
    """Liked and disliked references, and a slate of which the right order is known."""

    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    slate: tuple[Path, ...]
    kinds: Mapping[str, Kind]
    """File name and kind of each image of the slate."""

    def names(self, kind: Kind) -> set[str]:
        """File names of this kind in the slate."""
        return {name for name, kind_of_image in self.kinds.items() if kind_of_image == kind}


def make_demo_files(folder: Path, *, seed: int) -> DemoFiles:
    """Write all images into `folder`; the simulator runs in a child process.

    Raises `NoDemoFiles`.
    """
    command = [sys.executable, "-m", "training.prefersim.files.story_files", str(folder)]
    result = run_child([*command, "--seed", str(seed)])
    if result.code:
        raise NoDemoFiles(f"`{' '.join(command[1:])}` {result.reason}")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    kinds: dict[str, Kind] = dict(truth["slate"])
    for path in _photographs(folder / "slate"):
        kinds[path.name] = "photograph"
    return DemoFiles(
        liked=tuple(sorted((folder / "liked").glob("*.png"))),
        disliked=tuple(sorted((folder / "disliked").glob("*.png"))),
        slate=tuple(folder / "slate" / name for name in sorted(kinds)),
        kinds=kinds,
    )


def _photographs(folder: Path) -> list[Path]:
    from skimage import data  # Imported here: it is slow, and only the demo needs it.

    paths = []
    for name in PHOTOGRAPHS:
        image = Image.fromarray(np.asarray(getattr(data, name)())).convert("RGB")
        image.thumbnail((PHOTOGRAPH_SIDE_PIXELS, PHOTOGRAPH_SIDE_PIXELS))
        path = folder / f"photo-{name}.jpg"
        image.save(path, quality=90)
        paths.append(path)
    return paths
