"""Write small benchmarks in the PreferImg-Bench file format, from simulated users."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL.Image import Image

from training.evaluation.held_out.users import HeldOutUser, draw_held_out_users

SETS = ("SEEN_SP", "SEEN_MP", "UNSEEN_SP", "UNSEEN_MP")


def write_benchmark(folder: Path, *, users: int = 2, seed: int = 5) -> Path:
    """Write the four sets, with one pair of images for each of `users` users."""
    for name in SETS:
        drawn = draw_held_out_users(2 * users, seed=seed, multi=name.endswith("_MP"))
        unseen = name.startswith("UNSEEN")
        write_set(folder / "data" / name, [u for u in drawn if u.kind.unseen == unseen])
    return folder


def write_set(folder: Path, users: Sequence[HeldOutUser]) -> Path:
    """Write one set; the preferred image is A and B alternately."""
    images = folder / "images"
    images.mkdir(parents=True)

    def saved(name: str, image: Image) -> str:
        image.save(images / name)
        return name

    rows: list[Mapping[str, Any]] = []
    for n, user in enumerate(users):
        better = saved(f"{n}-better.png", user.pairs[0].better)
        worse = saved(f"{n}-worse.png", user.pairs[0].worse)
        liked, disliked = user.references.liked, user.references.disliked
        rows.append(
            {
                "imageA": (better, worse)[n % 2],
                "imageB": (worse, better)[n % 2],
                "prefered_images": [saved(f"{n}-l{k}.png", i) for k, i in enumerate(liked)],
                "non_prefered_images": [saved(f"{n}-d{k}.png", i) for k, i in enumerate(disliked)],
                "conversations": [{"from": "gpt", "value": ("Image A", "Image B")[n % 2]}],
            }
        )
    file = folder / f"{folder.name}.json"
    file.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return file
