"""Read the frozen benchmark as a night asks it: the items of `training.prefersim.benchmark`.

Each place of each set holds an easy item (the paper's protocol) and a hard one. Both pairs are
asked against the taste that the item states; of the first places the easy pair is asked as a person
meets it, too, from a taste predicted from references in either order.

Items are drawn once and kept beside the nights, as is what a model answered: neither ever changes,
so that a night asks nobody but its challenger again.
"""

import base64
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from PIL import Image as Images
from PIL.Image import Image

from shared.domain.taste import Taste
from shared.files.atomic_write import atomic_write
from shared.jobs.evaluation import Level
from shared.vlm.protocol import References
from training.job.evidence.cases import taste_of
from training.prefersim.benchmark import SETS, frozen_item
from training.prefersim.benchmark_items import Drawn
from training.rewards.prediction import Sides

SPLITS: Final[Mapping[str, str]] = {
    "SEEN_SP": "single_seen",
    "SEEN_MP": "multi_seen",
    "UNSEEN_SP": "single_unseen",
    "UNSEEN_MP": "multi_unseen",
}
"""What the gate's report calls the sets."""
LEVELS: Final[tuple[Level, ...]] = ("easy", "hard")
PLACES: Final = min(count for _, count in SETS.values())
"""That every set has."""


@dataclass(frozen=True)
class Item:
    """One simulated person's pair, the preferred image first, and the taste that decides it."""

    split: str
    name: str
    told: Taste
    pair: tuple[Image, Image]


@dataclass(frozen=True)
class Person:
    """The same person with the references that a taste is predicted from."""

    item: Item
    references: References


@dataclass
class Frozen:
    """The benchmark, with a folder that keeps what was drawn and answered; None keeps nothing."""

    folder: Path | None = None
    _answers: dict[str, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def beside(cls, nights: Path) -> "Frozen":
        """In a folder named by what the items are: other items never meet old answers."""
        digest = hashlib.sha256()
        for level in LEVELS:
            for name in SETS:
                drawn = frozen_item(name, 0, level=level)
                digest.update(json.dumps(drawn.row, sort_keys=True).encode())
                for _, data in sorted(drawn.files.items()):
                    digest.update(data)
        return cls(nights / f"benchmark-{digest.hexdigest()[:12]}")

    def items(self, places: int, *, begin: int = 0) -> Iterator[Item]:
        """Sets and levels in turn, so that the first ones are of all whenever time ends."""
        for number in range(begin, min(begin + places, PLACES)):
            for level in LEVELS:
                for name in SETS:
                    yield self._item(name, number, level)

    def people(self, places: int) -> Iterator[Person]:
        """Easy ones, with references."""
        for number in range(min(places, PLACES)):
            for name in SETS:
                drawn = frozen_item(name, number, level="easy")
                yield _person(name, drawn, "easy")

    def known(self, version: str) -> dict[str, float]:
        """What a model answered on other nights, by name; to be added to."""
        if version not in self._answers:
            self._answers[version] = _read(self._answers_of(version))
        return self._answers[version]

    def keep(self) -> None:
        """Write down what was answered; a disk that is full keeps nothing, and costs time later."""
        for version, told in self._answers.items():
            file = self._answers_of(version)
            if file is not None and told:
                file.parent.mkdir(parents=True, exist_ok=True)
                atomic_write(file, json.dumps(told))

    def _answers_of(self, version: str) -> Path | None:
        if self.folder is None:
            return None
        return self.folder / "answers" / f"{hashlib.sha256(version.encode()).hexdigest()[:32]}.json"

    def _item(self, set_name: str, number: int, level: Level) -> Item:
        if self.folder is None:
            return _person(set_name, frozen_item(set_name, number, level=level), level).item
        file = self.folder / level / f"{set_name}-{number}.json"
        try:
            return _read_item(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError):
            drawn = frozen_item(set_name, number, level=level)
            file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(file, json.dumps(_kept(set_name, drawn, level)))
            return _person(set_name, drawn, level).item


def _person(set_name: str, drawn: Drawn, level: Level) -> Person:
    row: dict[str, Any] = drawn.row

    def read(names: list[str]) -> tuple[Image, ...]:
        return tuple(_opened(drawn.files[name]) for name in names)

    return Person(
        _read_item(_kept(set_name, drawn, level)),
        References(read(row["prefered_images"]), read(row["non_prefered_images"])),
    )


def _kept(set_name: str, drawn: Drawn, level: Level) -> dict[str, Any]:
    row = drawn.row
    names = [row["imageA"], row["imageB"]]
    if row["conversations"][0]["value"] == "Image B":
        names.reverse()
    sides = Sides(drawn.user.like_words, drawn.user.dislike_words)
    return {
        "split": SPLITS[set_name],
        "name": f"{level}/{row['user_id']}",
        "told": json.loads(sides.to_json()),
        "pair": [base64.b64encode(drawn.files[name]).decode() for name in names],
    }


def _read_item(told: Mapping[str, Any]) -> Item:
    better, worse = (_opened(base64.b64decode(data)) for data in told["pair"])
    return Item(told["split"], told["name"], taste_of(Sides.read(told["told"])), (better, worse))


def _opened(data: bytes) -> Image:
    return Images.open(io.BytesIO(data)).convert("RGB")


def _read(file: Path | None) -> dict[str, float]:
    try:
        told = json.loads(file.read_text(encoding="utf-8")) if file else {}
        return {str(name): float(value) for name, value in told.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
