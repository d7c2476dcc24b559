"""Write a history in the format of Metarank, of simulated users with known tastes.

python -m training.simulate.backtest.simulated_history FOLDER --users 60

Lists are shown in a random order, so clicks do not favor a policy; users click by their taste and
by the place: the check of the backtest is that a method which knows the taste does better. The
propensities of the random order are logged, so the off-policy estimates can be checked too.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from training.prefersim.drawing.renderer import draw_images
from training.prefersim.users.users import Kind, draw_user

STREAM: Final = 0xBAC7
START_MS: Final = 1_700_000_000_000
HOUR_MS: Final = 3_600_000


@dataclass(frozen=True)
class Clicks:
    """Probabilities of a click on a liked and on another image, and of a look at the next place."""

    liked: float
    other: float
    next_place: float


USUAL_CLICKS: Final = Clicks(liked=0.7, other=0.1, next_place=0.85)
CERTAIN_CLICKS: Final = Clicks(liked=1.0, other=0.0, next_place=1.0)
"""Every liked image is clicked, so that a few lists suffice for a check."""


def write_history(
    folder: Path,
    *,
    users: int,
    lists: int = 6,
    images: int = 8,
    seed: int = 0,
    clicks: Clicks = USUAL_CLICKS,
) -> Path:
    """The file `history.jsonl` and its pictures; items come first, as an import wants them."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([STREAM, seed])
    items, events = list[dict[str, Any]](), list[dict[str, Any]]()
    for number in range(users):
        for item, event in _user(
            rng, pictures, f"user-{number}", lists=lists, images=images, clicks=clicks
        ):
            items += item
            events += event
    path = folder / "history.jsonl"
    events.sort(key=lambda event: int(event["timestamp"]))
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(event) + "\n" for event in (*items, *events))
    return path


def _user(
    rng: np.random.Generator, folder: Path, user: str, *, lists: int, images: int, clicks: Clicks
) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Items and events of each list of one user."""
    taste = draw_user(rng, Kind(multi=False, unseen=False))
    for number in range(lists):
        liked = rng.permutation(np.arange(images) < images // 2)
        values = [rng.choice(taste.likes if is_liked else taste.dislikes) for is_liked in liked]
        drawn = draw_images(rng, np.array(values), np.arange(images))
        at = START_MS + number * HOUR_MS + int(rng.integers(HOUR_MS // 2))
        ranking = f"{user}-{number}"
        items, events = [], []
        shown = []
        looks = True
        for place, (picture, is_liked) in enumerate(zip(drawn, liked, strict=True)):
            image_id = f"{ranking}-{place}"
            file = folder / f"{image_id}.png"
            picture.save(file)
            items.append(
                {
                    "event": "item", "id": f"i-{image_id}", "timestamp": str(START_MS - 1),
                    "item": image_id,
                    "fields": [{"name": "image", "value": file.resolve().as_uri()}],
                }
            )  # fmt: skip
            shown.append({"id": image_id})
            is_clicked = rng.random() < (clicks.liked if is_liked else clicks.other)
            if looks and is_clicked:
                events.append(
                    {
                        "event": "interaction", "id": f"c-{image_id}", "ranking": ranking,
                        "timestamp": str(at + 1000 * (place + 1)), "user": user, "type": "click",
                        "item": image_id,
                    }
                )  # fmt: skip
            looks = looks and rng.random() < clicks.next_place
        events.append(
            {
                "event": "ranking", "id": ranking, "timestamp": str(at), "user": user,
                "items": shown,
                # The order is random: each image is at each place with the same probability.
                "fields": [{"name": "propensities", "value": [1 / images] * images}],
            }
        )  # fmt: skip
        yield items, events


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--users", type=int, default=60)
    parser.add_argument("--lists", type=int, default=6, help="of each user, default 6")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    path = write_history(
        options.folder, users=options.users, lists=options.lists, seed=options.seed
    )
    print(path)


if __name__ == "__main__":
    main()
