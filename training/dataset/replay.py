"""Add simulated users, whose profiles are known exactly, as cases of the same format (replay)."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS
from shared.files.atomic_write import atomic_file
from training.dataset.cases import CaseLine, WordsBySide
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.users.users import Kind, User, Words, draw_user, references

STREAM: Final = 0x5E7A
"""Between the seed and the case number, so that no pool and no evaluation draws the same users."""
MULTI_SHARE: Final = 0.2
"""Multi-preference users, as in the paper (arXiv 2511.00609)."""


def replay_count(train_cases: int, *, share: float) -> int:
    """How many simulated cases make up this share of all cases."""
    return round(train_cases * share / (1 - share))


def replay(count: int, folder: Path, *, seed: int, side: int) -> Iterator[CaseLine]:
    """Simulated cases, their images stored in `folder`; the same cases for a seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        rng = np.random.default_rng((seed, STREAM, number))
        yield _case(rng, number, folder, side)


def _case(rng: np.random.Generator, number: int, folder: Path, side: int) -> CaseLine:
    user = draw_user(rng, Kind(multi=bool(rng.random() < MULTI_SHARE)))
    better, worse = _pair(rng, user)
    shown = np.stack(
        [*references(rng, user.likes, side), *references(rng, user.dislikes, side), better, worse]
    )
    # A liked and a disliked reference share each scene, and so do the two candidates.
    scene = np.array([*range(side), *range(side), side, side])
    pixels = render(draw_scenes(rng, side + 1).take(scene), shown, rng)
    names = [_stored(as_image(drawing), folder) for drawing in pixels]
    sides = _sides(user)
    return CaseLine(
        liked=tuple(names[:side]),
        disliked=tuple(names[side : 2 * side]),
        better=names[-2],
        worse=names[-1],
        profile=sides,
        truth=sides,
        weight=1.0,
        user=f"prefersim/{number}",
        slate=f"prefersim-{number}",
        kind="simulated",
        source="prefersim",
    )


def _pair(rng: np.random.Generator, user: User) -> tuple[np.ndarray, np.ndarray]:
    """Values of two candidates that differ in some elements; the first shows the liked values."""
    like, dislike = rng.choice(user.likes), rng.choice(user.dislikes)
    same = np.where(rng.random(len(ELEMENTS)) < 0.5, like, dislike)
    differs = rng.random(len(ELEMENTS)) < 0.5
    differs[rng.integers(len(ELEMENTS))] = True
    return np.where(differs, like, same), np.where(differs, dislike, same)


def _sides(user: User) -> WordsBySide:
    return {"likes": _words(user.like_words), "dislikes": _words(user.dislike_words)}


def _words(words: Words) -> dict[str, tuple[str, ...]]:
    return {element.value: tuple(values) for element, values in words.items()}


def _stored(image: Image, folder: Path) -> str:
    name = f"{hashlib.sha256(image.tobytes()).hexdigest()}.png"
    path = folder / name
    if not path.exists():
        with atomic_file(path) as stream:
            image.save(stream, "PNG", compress_level=1)
    return name
