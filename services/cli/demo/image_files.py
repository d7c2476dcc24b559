"""Get the demo's image files: renderings of a known taste, and real photographs."""

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
"""Shipped inside scikit-image: no download."""
PHOTOGRAPH_SIDE_PIXELS = 512


class NoDemoFiles(Exception):
    """The simulator could not draw the images; the text gives its exit and its last lines."""


@dataclass(frozen=True)
class DemoFiles:
    """What the story needs: references of each side, and a slate whose truth is known."""

    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    slate: tuple[Path, ...]
    kinds: Mapping[str, Kind]
    """File name of each image of the slate, and what it is to the user."""
    words: Mapping[str, Mapping[str, str]]
    """`liked`, `disliked` and `new`: the words that those renderings were made from."""

    def names(self, kind: Kind) -> set[str]:
        return {name for name, found in self.kinds.items() if found == kind}


def make_demo_files(folder: Path, *, seed: int) -> DemoFiles:
    """Render and copy everything into `folder`; the simulator runs in a process of its own.

    Raises `NoDemoFiles`.
    """
    command = [sys.executable, "-m", "training.prefersim.files.story_files", str(folder)]
    ended = run_child([*command, "--seed", str(seed)])
    if ended.code:
        raise NoDemoFiles(f"`{' '.join(command[1:])}` {ended.reason}")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    kinds: dict[str, Kind] = dict(truth["slate"])
    for path in _photographs(folder / "slate"):
        kinds[path.name] = "photograph"
    return DemoFiles(
        liked=tuple(sorted((folder / "liked").glob("*.png"))),
        disliked=tuple(sorted((folder / "disliked").glob("*.png"))),
        slate=tuple(folder / "slate" / name for name in sorted(kinds)),
        kinds=kinds,
        words=truth["words"],
    )


def _photographs(folder: Path) -> list[Path]:
    from skimage import data  # Imported here: it is slow, and only the demo wants it.

    written = []
    for name in PHOTOGRAPHS:
        image = Image.fromarray(np.asarray(getattr(data, name)())).convert("RGB")
        image.thumbnail((PHOTOGRAPH_SIDE_PIXELS, PHOTOGRAPH_SIDE_PIXELS))
        path = folder / f"photo-{name}.jpg"
        image.save(path, quality=90)
        written.append(path)
    return written
