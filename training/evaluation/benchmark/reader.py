"""Read benchmark files in the PreferImg-Bench layout: `data/<SET>/<SET>.json` and `images`."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.prompting.parser.comparison import Label
from shared.vlm.checkpoint.checkpoint import file_hash
from training.evaluation.benchmark.items import BadBenchmark, Benchmark, Item

COMPLAINTS_SHOWN: Final = 5
"""Sentences about left-out items: enough to see what is wrong, few enough to read."""
EXTRA_KEYS: Final = frozenset(
    {"user_id", "prefer_attributes", "non_prefer_attributes", "reference_prompt_list"}
    | {"said_preference", "said_non_preference", "shows", "decided_by"}
)
"""Keys that the paper's training rows and the simulated benchmarks add to the format."""
CHECKSUM: Final = "checksum.txt"
"""Name of the checksum file in the folder of a frozen benchmark."""
_ANSWERS: Final[dict[str, Label]] = {"Image A": "A", "Image B": "B"}


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    value: str


class _Row(BaseModel):
    """An item of the file; the format spells two of its keys with one r (`prefered_images`)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    image_a: str = Field(alias="imageA", min_length=1)
    image_b: str = Field(alias="imageB", min_length=1)
    liked: list[str] = Field(alias="prefered_images")
    disliked: list[str] = Field(alias="non_prefered_images")
    conversations: list[_Message] = Field(min_length=1)


def read_benchmark(path: Path, *, references: int, limit: int | None = None) -> Benchmark:
    """One set (a `.json` file) or every set of a folder; raises `BadBenchmark`.

    At most the first `references` images of a side are used, as the paper does with five, and the
    first `limit` items of each set.
    """
    sets = find_sets(path)
    splits: dict[str, tuple[Item, ...]] = {}
    left_out: Counter[str] = Counter()
    complaints: list[str] = []
    unknown: set[str] = set()
    images: set[Path] = set()
    for file in sets:
        name = split_name(file.stem)
        if name in splits:
            raise BadBenchmark(f"{path} has two sets for {name}; name one of the files instead")
        items: list[Item] = []
        rows = read_rows(file)
        for number, row in enumerate(rows[:limit]):
            whole, unknown_keys = _item(row, file, number)
            item = _with_references(whole, count=references)
            unknown |= unknown_keys
            reason = _reason_to_leave_out(item)
            if reason is None:
                items.append(item)
                images.update(image for image in whole.images if image.is_file())
            else:
                left_out[reason[0]] += 1
                complaints.append(f"{item.place}: {reason[1]}")
        if not items:
            raise BadBenchmark(
                f"no item of {file} can be evaluated: "
                f"{complaints[-1] if rows else 'the file is empty'}"
            )
        splits[name] = tuple(items)
    total = checksum(sets, images)
    if limit is None:
        _check(path, total)
    complaints_shown = tuple(complaints[:COMPLAINTS_SHOWN])
    return Benchmark(splits, total, left_out, complaints_shown, tuple(sorted(unknown)))


def split_name(stem: str) -> str:
    """`TEST_SP_ID` and `SEEN_SP` are `seen_sp`, `MP_OD` is `unseen_mp`, `PICKAPIC` `pickapic`."""
    words = [word for word in re.split(r"[^A-Z0-9]+", stem.upper()) if word not in ("", "TEST")]
    kinds = {"SP": "sp", "MP": "mp"}
    trained = {"ID": "seen", "SEEN": "seen", "OD": "unseen", "OOD": "unseen", "UNSEEN": "unseen"}
    kind = [kinds[word] for word in words if word in kinds]
    seen = [trained[word] for word in words if word in trained]
    if len(words) == 2 and kind and seen:
        return f"{seen[0]}_{kind[0]}"
    return "_".join(words).lower() or stem


def checksum(sets: Sequence[Path], images: Iterable[Path]) -> str:
    """SHA-256 of the sets and of these images, by their names within the sets.

    References that are not used count as well: their number is an option of the evaluation, not
    a property of the benchmark.
    """
    total = hashlib.sha256()
    for file in sets:
        total.update(f"{file.name} {file_hash(file)}\n".encode())
    for image in sorted(images):
        total.update(f"{image.parent.parent.name}/{image.name} {file_hash(image)}\n".encode())
    return total.hexdigest()


def _check(path: Path, total: str) -> None:
    """Raise `BadBenchmark` where the files are not those that the checksum was written for."""
    file = path / CHECKSUM
    if file.is_file() and file.read_text(encoding="utf-8").strip() != total:
        raise BadBenchmark(
            f"the files in {path} are not those that {CHECKSUM} was written for ({total} now);"
            " write the benchmark again, or remove that file if you changed it on purpose"
        )


def find_sets(path: Path) -> list[Path]:
    """The files of the sets below `path`; raises `BadBenchmark`."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise BadBenchmark(f"{path} is neither a file nor a folder")
    files = {f for pattern in ("*.json", "*/*.json", "data/*/*.json") for f in path.glob(pattern)}
    sets = sorted(f for f in files if f.stem == f.resolve().parent.name)
    if not sets:
        raise BadBenchmark(
            f"{path} holds no set; expected data/<SET>/<SET>.json with data/<SET>/images, as"
            " PreferImg-Bench is released"
        )
    return sets


def read_rows(file: Path) -> list[Any]:
    """The rows of a JSON list; raises `BadBenchmark`."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise BadBenchmark(
            f"{file} is not JSON from line {error.lineno}, column {error.colno}: {error.msg};"
            " was it downloaded completely?"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadBenchmark(f"{file} cannot be read: {error}") from error
    if not isinstance(rows, list):
        raise BadBenchmark(f"{file} holds a {type(rows).__name__}; expected a list of items")
    return rows


def _item(row: Any, file: Path, number: int) -> tuple[Item, set[str]]:
    """An item with all of its references, and its keys that the format does not know."""
    place = f"{file.name}[{number}]"
    try:
        read = _Row.model_validate(row)
    except ValidationError as error:
        raise BadBenchmark(f"{file}[{number}]: {_problem(error, row)}") from error
    values = [re.sub(r"</?answer>", "", text.value).strip() for text in read.conversations]
    preferred = next((_ANSWERS[value] for value in values if value in _ANSWERS), None)
    if preferred is None:
        raise BadBenchmark(
            f"{file}[{number}]: conversations[0].value is {values[0][:40]!r}; expected 'Image A' or"
            " 'Image B'"
        )
    images = file.parent / "images"

    def path(name: str) -> Path:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise BadBenchmark(f"{file}[{number}]: {name} is not in {images}")
        return images / name

    extra = read.model_extra or {}
    user = str(extra.get("user_id") or "|".join((*read.liked, ">", *read.disliked)))
    item = Item(
        place, f"{file.stem}/{user}", tuple(map(path, read.liked)), tuple(map(path, read.disliked)),
        path(read.image_a), path(read.image_b), preferred,
    )  # fmt: skip
    return item, extra.keys() - EXTRA_KEYS


def _with_references(item: Item, *, count: int) -> Item:
    return replace(item, liked=item.liked[:count], disliked=item.disliked[:count])


def _problem(error: ValidationError, row: Any) -> str:
    """The first problem of an item as a sentence."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    message = f"{key}: {first['msg']}" if key else f"{first['msg']}"
    if first["type"] == "missing" and isinstance(row, dict):
        message += f"; it has {', '.join(sorted(map(str, row))) or 'no key'}"
        if "prefered" in key:
            message += " (the format spells prefered_images with one r)"
    return message


def _reason_to_leave_out(item: Item) -> tuple[str, str] | None:
    """Why an item cannot be evaluated: a reason to count and a sentence."""
    if not item.liked and not item.disliked:
        return "no_references", "it has no reference image"
    missing = next((image for image in item.images if not image.is_file()), None)
    return None if missing is None else ("missing_image", f"{missing} is missing")
