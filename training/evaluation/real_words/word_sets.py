"""List the pictures whose words are checked, and the mediums and styles that are right for each.

All packages here are held out: no weight and no threshold was chosen on their pictures.
"""

from collections.abc import Mapping
from typing import Final

from shared.vlm.pictures.vocabulary import PICTURE_MEDIUMS
from training.evaluation.real_pictures.picture_sets import PICTURE_SETS, PictureSet

_EXTRA: Final = (
    PictureSet(
        "debian-handbook", "screenshot", "installation", "held_out",
        "usr/share/doc/debian-handbook/html/fr-FR/images/*.png",
    ),
    PictureSet(
        "gnome-user-docs", "screenshot", "desktop", "held_out",
        "usr/share/help/C/gnome-help/figures/*.png",
    ),
    PictureSet(
        "neverball-data", "3D render", "levels", "held_out",
        "usr/share/games/neverball/shot-*/*",
    ),
    PictureSet(
        "gnome-icon-theme", "clip art", "icons", "held_out",
        "usr/share/icons/gnome/256x256/**/*.png",
    ),
    PictureSet(
        "meritous-data", "pixel art", "sprites", "held_out",
        "usr/share/games/meritous/i/*.png",
    ),
    PictureSet(
        "gnurobbo-data", "pixel art", "tiles", "held_out",
        "usr/share/games/gnurobbo/skins/*/*.png",
    ),
)  # fmt: skip

WORD_SETS: Final = (*(s for s in PICTURE_SETS if s.use == "held_out"), *_EXTRA)

MEDIUMS: Final[Mapping[str, frozenset[str]]] = {
    "photograph": frozenset({"photograph"}),
    "painting": frozenset({"painting", "oil painting"}),
    "drawing": frozenset({"vector art", "digital"}),
    "clip art": frozenset({"vector art"}),
    "game art": frozenset({"vector art", "digital"}),
    "pixel art": frozenset({"digital"}),
    "3D render": frozenset({"3D render"}),
    "screenshot": frozenset({"screenshot"}),
}
"""The mediums that are right for a kind; `any` is right for all."""

STYLES: Final[Mapping[str, frozenset[str]]] = {"pixel art": frozenset({"pixel art"})}
"""The art styles that are right for a kind; every other kind has none, so only `any` is right."""

OWN_MEDIUMS: Final = frozenset(PICTURE_MEDIUMS)
"""Mediums of real pictures; every other medium is one of a drawing of the simulator."""
