"""Write small files of our own in the layout of each public data set."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from training.evaluation.held_out.users import HeldOutUser, draw_held_out_users

SIDE = 8
"""References of a side that are drawn for each user."""


@cache
def people(count: int) -> list[HeldOutUser]:
    """Simulated users with drawings that they like and dislike."""
    return draw_held_out_users(count, seed=77, references_per_side=SIDE)


def rated(count: int) -> list[tuple[str, str, int, Image.Image]]:
    """User, name of an image, score 1-5, and pixels; liked drawings have 4 and 5."""
    rows = []
    for n, person in enumerate(people(count)):
        for k, image in enumerate(person.references.liked):
            rows.append((f"w{n}", f"{n}_liked_{k}.png", 4 + k % 2, image))
        for k, image in enumerate(person.references.disliked):
            rows.append((f"w{n}", f"{n}_disliked_{k}.png", 1 + k % 2, image))
    return rows


def write_flickr_aes(folder: Path, *, users: int = 3, more: Sequence[str] = ()) -> Path:
    """The CSV with spaces after its commas, and the folder `40K`."""
    images = folder / "40K"
    images.mkdir(parents=True)
    lines = ["worker, imagePair, score"]
    for user, name, score, image in rated(users):
        image.save(images / name)
        lines.append(f"{user}, {name}, {score}")
    file = folder / "FLICKR-AES_image_labeled_by_each_worker.csv"
    file.write_text("\n".join((*lines, *more)) + "\n", encoding="utf-8")
    return file


def write_pamela(folder: Path, *, users: int = 3) -> Path:
    """`PAMELA/annotations/pamela_train.json` and `PAMELA/images`."""
    root = folder / "PAMELA"
    (root / "annotations").mkdir(parents=True)
    (root / "images").mkdir()
    rows = []
    for number, (user, name, score, image) in enumerate(rated(users)):
        image.save(root / "images" / name)
        rows.append({
            "participant_id": user, "image_id": number, "image_path": f"./images/{name}",
            "original_score": score, "image_metadata": {"group": "abstract", "type": "Art"},
        })  # fmt: skip
    file = root / "annotations" / "pamela_train.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    return file


def choice_rows(users: int = 2, *, prompts: int = SIDE) -> list[dict[str, Any]]:
    """Rows of Pick-a-Pic: with each prompt a user chooses a liked drawing over a disliked one."""
    rows = []
    for n, person in enumerate(people(users)):
        sides = zip(person.references.liked, person.references.disliked, strict=True)
        for k, (liked, disliked) in enumerate(list(sides)[:prompts]):
            first = k % 2 == 0
            a, b = (liked, disliked) if first else (disliked, liked)
            names = (f"{n}-{k}-liked", f"{n}-{k}-disliked")
            a_name, b_name = names if first else names[::-1]
            rows.append({
                "are_different": True, "best_image_uid": names[0], "caption": f"a scene {k}",
                "created_at": datetime(2023, 5, 1, tzinfo=UTC) + timedelta(hours=k),
                "has_label": True, "image_0_uid": a_name, "image_1_uid": b_name,
                "jpg_0": jpeg(a), "jpg_1": jpeg(b), "label_0": float(first),
                "label_1": float(not first), "model_0": "m", "model_1": "m", "ranking_id": k,
                "user_id": 100 + n, "num_example_per_prompt": 1,
            })  # fmt: skip
    return rows


def write_parquet(file: Path, rows: Sequence[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), file, row_group_size=3)
    return file


def jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=95)
    return stream.getvalue()


def training_rows(folder: Path, *, users: int = 2) -> list[dict[str, Any]]:
    """PreferThinker's training rows, with their images in `folder/images`."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)

    def saved(name: str, image: Image.Image) -> str:
        image.save(images / name)
        return name

    rows: list[dict[str, Any]] = []
    for n, person in enumerate(people(users)):
        liked = [saved(f"{n}-l{k}.png", i) for k, i in enumerate(person.references.liked[:5])]
        disliked = [saved(f"{n}-d{k}.png", i) for k, i in enumerate(person.references.disliked[:5])]
        for k, pair in enumerate(person.pairs[:2]):
            rows.append({
                "user_id": f"u{n}", "imageA": saved(f"{n}-{k}-b.png", pair.better),
                "imageB": saved(f"{n}-{k}-w.png", pair.worse),
                "prefered_images": liked, "non_prefered_images": disliked,
                "conversations": [
                    {"from": "human", "value": "Which image does the user prefer?"},
                    {"from": "gpt", "value": "<answer>Image A</answer>"},
                ],
                "prefer_attributes": {"Color": "red"}, "non_prefer_attributes": {"Color": "blue"},
                "reference_prompt_list": ["a boat"],
            })  # fmt: skip
    return rows
