"""Write the images of one simulated user as PNG files, and print the user's true scores.

python -m training.prefersim.files.demo_files runs/user --seed 7
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.users.true_answers import true_total
from training.prefersim.users.users import Kind, User, Words, draw_user, references
from training.prefersim.values.vocabulary import SIZES, Attributes, words_of

SCALE = 4
"""Factor by which the drawings of 84 pixels are enlarged, for display."""
RANDOM_SHARE = 0.2
"""Probability that a candidate's value is random, neither the liked nor the disliked one."""


@dataclass(frozen=True)
class CandidateFile:
    """One candidate image with its values and its true score."""

    path: Path
    shows: Mapping[Element, str]
    true_score: int
    """0-25, for the user of the files."""


@dataclass(frozen=True)
class UserFiles:
    """The image files of one user, and the user's taste."""

    likes: Words
    dislikes: Words
    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    candidates: tuple[CandidateFile, ...]


def write_user_files(
    folder: Path,
    *,
    seed: int,
    liked: int = 5,
    disliked: int = 5,
    candidates: int = 20,
    kind: Kind = Kind(),  # noqa: B008  a frozen value
) -> UserFiles:
    """Draw a user and write `liked-1.png`, `disliked-1.png`, `candidate-01.png`, ... into a folder.

    The candidates range from all-disliked to all-liked values, in random order. The same seed
    writes the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    user = draw_user(rng, kind)
    likes, dislikes = user.like_words, user.dislike_words
    values = np.concatenate(
        [
            references(rng, user.likes, liked),
            references(rng, user.dislikes, disliked),
            _candidates(rng, user, candidates),
        ]
    )
    names = [
        *[f"liked-{k + 1}.png" for k in range(liked)],
        *[f"disliked-{k + 1}.png" for k in range(disliked)],
        *[f"candidate-{k + 1:02}.png" for k in range(candidates)],
    ]
    paths = tuple(folder / name for name in names)
    # A liked and a disliked reference share each scene; every candidate has its own.
    scene_of = np.concatenate([np.arange(liked), np.arange(disliked), np.arange(candidates)])
    scene_of[liked + disliked :] += max(liked, disliked)
    scenes = draw_scenes(rng, max(liked, disliked) + candidates).take(scene_of)
    for path, pixels in zip(paths, render(scenes, values, rng), strict=True):
        image = as_image(pixels)
        image.resize((image.width * SCALE, image.height * SCALE), resample=0).save(path)
    return UserFiles(
        likes=likes,
        dislikes=dislikes,
        liked=paths[:liked],
        disliked=paths[liked : liked + disliked],
        candidates=tuple(
            CandidateFile(
                path, words_of(row), true_total(words_of(row), likes=likes, dislikes=dislikes)
            )
            for path, row in zip(paths, values, strict=True)
            if path.name.startswith("candidate")
        ),
    )


def _candidates(rng: np.random.Generator, user: User, count: int) -> Attributes:
    rows = np.empty((count, len(ELEMENTS)), np.int64)
    for row, liked_share in zip(rows, rng.permutation(np.linspace(0, 1, count)), strict=True):
        like, dislike = rng.choice(user.likes), rng.choice(user.dislikes)
        random_values = np.array([rng.integers(size) for size in SIZES])
        row[:] = np.where(rng.random(len(ELEMENTS)) < liked_share, like, dislike)
        if 0 < liked_share < 1:
            row[:] = np.where(rng.random(len(ELEMENTS)) < RANDOM_SHARE, random_values, row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Write one simulated user's images as PNG files.")
    parser.add_argument("folder", type=Path, help="folder for the files")
    parser.add_argument("--seed", type=int, default=7, help="seed of the user (default 7)")
    parser.add_argument("--liked", type=int, default=5, help="liked references (default 5)")
    parser.add_argument("--disliked", type=int, default=5, help="disliked references (default 5)")
    parser.add_argument("--candidates", type=int, default=20, help="candidates (default 20)")
    parser.add_argument("--multi", action="store_true", help="a user with two tastes")
    options = parser.parse_args()
    files = write_user_files(
        options.folder,
        seed=options.seed,
        liked=options.liked,
        disliked=options.disliked,
        candidates=options.candidates,
        kind=Kind(multi=options.multi),
    )
    truth = {
        "likes": files.likes,
        "dislikes": files.dislikes,
        "true_scores": {c.path.name: c.true_score for c in files.candidates},
    }
    print(json.dumps(truth, indent=1))


if __name__ == "__main__":
    main()
