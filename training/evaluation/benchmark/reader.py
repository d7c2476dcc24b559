"""Read a benchmark as PreferImg-Bench is released: `data/<SET>/<SET>.json` beside `images`."""

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
from training.evaluation.benchmark.items import BadBenchmark, Benchmark, Item

COMPLAINTS_SHOWN: Final = 5
"""Sentences about items left out: enough to see what is wrong, few enough to read."""
KNOWN_BESIDE: Final = frozenset(
    {"user_id", "prefer_attributes", "non_prefer_attributes", "reference_prompt_list"}
    | {"said_preference", "said_non_preference", "shows", "decided_by"}
)
"""Keys beyond a benchmark's that the paper's training rows and our simulated benchmarks have."""
CHECKSUM: Final = "checksum.txt"
"""Lies in the folder of a frozen benchmark."""
_ANSWERS: Final[dict[str, Label]] = {"Image A": "A", "Image B": "B"}


class _Turn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    value: str


class _Row(BaseModel):
    """An item as it stands in the file; two of its keys are spelled so."""

    model_config = ConfigDict(frozen=True, extra="allow")

    image_a: str = Field(alias="imageA", min_length=1)
    image_b: str = Field(alias="imageB", min_length=1)
    liked: list[str] = Field(alias="prefered_images")
    disliked: list[str] = Field(alias="non_prefered_images")
    conversations: list[_Turn] = Field(min_length=1)


def read_benchmark(path: Path, *, references: int, limit: int | None = None) -> Benchmark:
    """One set (a `.json` file) or every set of a folder; raises `BadBenchmark`.

    At most the first `references` images of a side are used, as the paper does with five, and the
    first `limit` items of each set.
    """
    sets = _find_sets(path)
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
        rows = _rows(file)
        for number, row in enumerate(rows[:limit]):
            whole, other_keys = _item(row, file, number)
            item = _with(whole, references=references)
            unknown |= other_keys
            reason = _why_not(item)
            if reason is None:
                items.append(item)
                images.update(image for image in whole.images if image.is_file())
            else:
                left_out[reason[0]] += 1
                complaints.append(f"{item.place}: {reason[1]}")
        if not items:
            raise BadBenchmark(
                f"not one item of {file} can be asked: {complaints[-1] if rows else 'it is empty'}"
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
    met = {"ID": "seen", "SEEN": "seen", "OD": "unseen", "OOD": "unseen", "UNSEEN": "unseen"}
    kind = [kinds[word] for word in words if word in kinds]
    seen = [met[word] for word in words if word in met]
    if len(words) == 2 and kind and seen:
        return f"{seen[0]}_{kind[0]}"
    return "_".join(words).lower() or stem


def checksum(sets: Sequence[Path], images: Iterable[Path]) -> str:
    """SHA-256 of the sets and of these images, by their names within the sets.

    References that are not used count as well: how many are is not the benchmark's.
    """
    total = hashlib.sha256()
    for file in sets:
        total.update(f"{file.name} {_sha256(file)}\n".encode())
    for image in sorted(images):
        total.update(f"{image.parent.parent.name}/{image.name} {_sha256(image)}\n".encode())
    return total.hexdigest()


def _check(path: Path, total: str) -> None:
    """A frozen benchmark says what it was when it was written; other files are another one."""
    file = path / CHECKSUM
    if file.is_file() and file.read_text(encoding="utf-8").strip() != total:
        raise BadBenchmark(
            f"the files in {path} are not those that {CHECKSUM} was written for ({total} now);"
            " write the benchmark anew, or remove that file if you changed it on purpose"
        )


def _find_sets(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise BadBenchmark(f"{path} is neither a file nor a folder")
    found = {f for pattern in ("*.json", "*/*.json", "data/*/*.json") for f in path.glob(pattern)}
    sets = sorted(f for f in found if f.stem == f.resolve().parent.name)
    if not sets:
        raise BadBenchmark(
            f"{path} holds no set; expected data/<SET>/<SET>.json with data/<SET>/images, as"
            " PreferImg-Bench is released"
        )
    return sets


def _rows(file: Path) -> list[Any]:
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise BadBenchmark(
            f"{file} is not JSON from line {error.lineno}, column {error.colno}: {error.msg};"
            " was it fetched whole?"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadBenchmark(f"{file} cannot be read: {error}") from error
    if not isinstance(rows, list):
        raise BadBenchmark(f"{file} holds a {type(rows).__name__}; expected a list of items")
    return rows


def _item(row: Any, file: Path, number: int) -> tuple[Item, set[str]]:
    """An item with all of its references, and its keys that are not the format's."""
    place = f"{file.name}[{number}]"
    try:
        read = _Row.model_validate(row)
    except ValidationError as error:
        raise BadBenchmark(f"{file}[{number}]: {_problem(error, row)}") from error
    given = [re.sub(r"</?answer>", "", turn.value).strip() for turn in read.conversations]
    preferred = next((_ANSWERS[value] for value in given if value in _ANSWERS), None)
    if preferred is None:
        raise BadBenchmark(
            f"{file}[{number}]: conversations[0].value is {given[0][:40]!r}; expected 'Image A' or"
            " 'Image B'"
        )
    images = file.parent / "images"

    def path(name: str) -> Path:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise BadBenchmark(f"{file}[{number}]: {name} does not lie in {images}")
        return images / name

    extra = read.model_extra or {}
    user = str(extra.get("user_id") or "|".join((*read.liked, ">", *read.disliked)))
    item = Item(
        place, f"{file.stem}/{user}", tuple(map(path, read.liked)), tuple(map(path, read.disliked)),
        path(read.image_a), path(read.image_b), preferred,
    )  # fmt: skip
    return item, extra.keys() - KNOWN_BESIDE


def _with(item: Item, *, references: int) -> Item:
    return replace(item, liked=item.liked[:references], disliked=item.disliked[:references])


def _problem(error: ValidationError, row: Any) -> str:
    """The first problem of an item as a sentence."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    told = f"{key}: {first['msg']}" if key else f"{first['msg']}"
    if first["type"] == "missing" and isinstance(row, dict):
        told += f"; it has {', '.join(sorted(map(str, row))) or 'no key'}"
        if "prefered" in key:
            told += " (the format spells prefered_images with one r)"
    return told


def _why_not(item: Item) -> tuple[str, str] | None:
    """Why an item cannot be asked: a reason to count and a sentence."""
    if not item.liked and not item.disliked:
        return "no_references", "it has no reference image"
    missing = next((image for image in item.images if not image.is_file()), None)
    return None if missing is None else ("missing_image", f"{missing} is missing")


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
