"""List the sets of real pictures: where each comes from, what kind it is, and what it shows.

The pictures belong to Debian packages, which are downloaded when figures are measured. No picture
is part of this repository.
"""

from dataclasses import dataclass
from typing import Final, Literal

Use = Literal["development", "held_out"]
"""Choices are made on packages for development; held-out packages are only measured."""

MAX_PICTURES: Final = 60
"""Pictures of a set: enough for different tasks, few enough to encode in a minute."""


@dataclass(frozen=True)
class PictureSet:
    """Pictures of one package that are of one kind, and of one subject where it has a name."""

    package: str
    kind: str
    subject: str
    use: Use
    pattern: str
    """Glob below the extracted package; a part after `!` is a glob inside a Qt resource file."""
    without: tuple[str, ...] = ()
    """Parts of a path that leave a file out."""

    @property
    def name(self) -> str:
        return f"{self.package}/{self.kind}/{self.subject}"


_STAMPS: Final = "usr/share/tuxpaint/stamps"
_CLIP_ART: Final = "usr/share/openclipart/png"
_WESNOTH: Final = "usr/share/games/wesnoth/*/data/core/images"
_SPACE: Final = "usr/share/games/endless-sky/images"
_GCOMPRIS: Final = "usr/share/gcompris-qt/rcc"


def _stamps(subject: str, folder: str) -> PictureSet:
    return PictureSet(
        "tuxpaint-stamps-default", "photograph", subject, "development",
        f"{_STAMPS}/{folder}/**/*.png", ("cartoon", "toys", "plastic"),
    )  # fmt: skip


def _clip_art(subject: str, folder: str) -> PictureSet:
    return PictureSet(
        "openclipart-png", "clip art", subject, "development", f"{_CLIP_ART}/{folder}/**/*.png"
    )


def _gcompris(kind: str, subject: str, pattern: str) -> PictureSet:
    return PictureSet("gcompris-qt-data", kind, subject, "held_out", f"{_GCOMPRIS}/{pattern}")


PICTURE_SETS: Final = (
    _stamps("birds", "animals/birds"),
    _stamps("flowers", "plants/flowers"),
    _stamps("mammals", "animals/mammals"),
    _stamps("vehicles", "vehicles"),
    _stamps("fruit", "food/fruit"),
    _stamps("vegetables", "food/vegetables"),
    _clip_art("birds", "animals/birds"),
    _clip_art("mammals", "animals/mammals"),
    _clip_art("flowers", "plants/flowers"),
    _clip_art("fruit", "food/fruit"),
    _clip_art("vehicles", "transportation"),
    _clip_art("buildings", "buildings"),
    _clip_art("tools", "tools"),
    _clip_art("people", "people"),
    PictureSet(
        "wesnoth-1.16-data", "painting", "portraits", "development",
        f"{_WESNOTH}/portraits/**/*.png",
    ),
    PictureSet(
        "wesnoth-1.16-data", "pixel art", "figures", "development", f"{_WESNOTH}/units/**/*.png"
    ),
    PictureSet(
        "endless-sky-data", "3D render", "spaceships", "development", f"{_SPACE}/ship/**/*.png"
    ),
    _gcompris("photograph", "fish", "categorization.rcc!**/fishes/*.webp"),
    _gcompris("photograph", "monuments", "categorization.rcc!**/monuments/*.webp"),
    _gcompris("photograph", "tools", "categorization.rcc!**/tools/*.webp"),
    _gcompris("photograph", "wind and water power", "categorization.rcc!**/renewable/*.webp"),
    _gcompris("painting", "paintings", "paintings.rcc!**/image/*.webp"),
    _gcompris("drawing", "words", "lang.rcc!**/words_sample/*.webp"),
    PictureSet(
        "hedgewars-data", "game art", "scenery", "held_out",
        "usr/share/games/hedgewars/Data/Themes/*/*.png",
    ),
)  # fmt: skip
