"""Draw the items of the frozen benchmark, and store items and answers for later jobs.

Each number of each set has an easy item (the paper's protocol) and a hard one
(`training.prefersim.benchmark`). Both pairs are scored with the profile that the item states. The
easy pairs of the first numbers are also scored with a profile predicted from references, in two
orders of the references.

Items and the answers of a model never change: they are stored next to the jobs, so that a job
computes only the answers of its challenger.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from PIL.Image import Image

from shared.domain.taste import Taste
from shared.files.atomic_write import atomic_write
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from shared.jobs.evaluation import Level
from shared.vlm.protocol import References
from training.job.scoring.feedback_cases import taste_of
from training.prefersim.benchmark import SETS, frozen_item
from training.prefersim.benchmark_items import DrawnItem
from training.rewards.prediction import Sides

SPLITS: Final[Mapping[str, str]] = {
    "SEEN_SP": "single_seen",
    "SEEN_MP": "multi_seen",
    "UNSEEN_SP": "single_unseen",
    "UNSEEN_MP": "multi_unseen",
}
"""Names of the sets in the gate's report."""
LEVELS: Final[tuple[Level, ...]] = ("easy", "hard")
ITEMS_PER_SET: Final = min(count for _, count in SETS.values())
"""Items that every set has."""


@dataclass(frozen=True)
class BenchmarkItem:
    """A pair of one simulated user, the preferred image first, and the profile that decides it."""

    split: str
    name: str
    profile: Taste
    pair: tuple[Image, Image]


@dataclass(frozen=True)
class BenchmarkUser:
    """An item with the references from which a model predicts the user's profile."""

    item: BenchmarkItem
    references: References


@dataclass
class FrozenBenchmark:
    """The benchmark with a folder for drawn items and known answers; None stores nothing."""

    folder: Path | None = None
    _answers: dict[str, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def next_to(cls, jobs: Path) -> "FrozenBenchmark":
        """Stored in a folder named by the items' hash: other items never meet old answers."""
        digest = hashlib.sha256()
        for level in LEVELS:
            for name in SETS:
                drawn = frozen_item(name, 0, level=level)
                digest.update(json.dumps(drawn.row, sort_keys=True).encode())
                for _, data in sorted(drawn.files.items()):
                    digest.update(data)
        return cls(jobs / f"benchmark-{digest.hexdigest()[:12]}")

    def items(self, count: int) -> Iterator[BenchmarkItem]:
        """The first `count` numbers, alternating sets and levels, so that an early end is even."""
        for number in range(min(count, ITEMS_PER_SET)):
            for level in LEVELS:
                for name in SETS:
                    yield self._item(name, number, level)

    def users(self, count: int) -> Iterator[BenchmarkUser]:
        """Easy items of the first `count` numbers, with references."""
        for number in range(min(count, ITEMS_PER_SET)):
            for name in SETS:
                yield _user(name, frozen_item(name, number, level="easy"), "easy")

    def answers(self, version: str) -> dict[str, float]:
        """The known answers of a model by name; callers add new ones to it."""
        if version not in self._answers:
            self._answers[version] = _read_answers(self._answers_file(version))
        return self._answers[version]

    def save(self) -> None:
        """Store all answers."""
        for version, answers in self._answers.items():
            file = self._answers_file(version)
            if file is not None and answers:
                file.parent.mkdir(parents=True, exist_ok=True)
                atomic_write(file, json.dumps(answers))

    def _answers_file(self, version: str) -> Path | None:
        if self.folder is None:
            return None
        return self.folder / "answers" / f"{hashlib.sha256(version.encode()).hexdigest()[:32]}.json"

    def _item(self, set_name: str, number: int, level: Level) -> BenchmarkItem:
        if self.folder is None:
            return _user(set_name, frozen_item(set_name, number, level=level), level).item
        file = self.folder / level / f"{set_name}-{number}.json"
        try:
            return _read_item(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError):
            drawn = frozen_item(set_name, number, level=level)
            file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(file, json.dumps(_item_fields(set_name, drawn, level)))
            return _user(set_name, drawn, level).item


def _user(set_name: str, drawn: DrawnItem, level: Level) -> BenchmarkUser:
    row: dict[str, Any] = drawn.row

    def read(names: list[str]) -> tuple[Image, ...]:
        return tuple(_image(drawn.files[name]) for name in names)

    return BenchmarkUser(
        _read_item(_item_fields(set_name, drawn, level)),
        References(read(row["prefered_images"]), read(row["non_prefered_images"])),
    )


def _item_fields(set_name: str, drawn: DrawnItem, level: Level) -> dict[str, Any]:
    """Fields of a stored item."""
    row = drawn.row
    names = [row["imageA"], row["imageB"]]
    if row["conversations"][0]["value"] == "Image B":
        names.reverse()
    sides = Sides(drawn.user.like_words, drawn.user.dislike_words)
    return {
        "split": SPLITS[set_name],
        "name": f"{level}/{row['user_id']}",
        "profile": json.loads(sides.to_json()),
        "pair": [base64.b64encode(drawn.files[name]).decode() for name in names],
    }


def _read_item(fields: Mapping[str, Any]) -> BenchmarkItem:
    better, worse = (_image(base64.b64decode(data)) for data in fields["pair"])
    profile = taste_of(Sides.read(fields["profile"]))
    return BenchmarkItem(fields["split"], fields["name"], profile, (better, worse))


def _image(data: bytes) -> Image:
    return decode(data, "an image of the frozen benchmark", ImageSettings())


def _read_answers(file: Path | None) -> dict[str, float]:
    try:
        answers = json.loads(file.read_text(encoding="utf-8")) if file else {}
        return {str(name): float(value) for name, value in answers.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
