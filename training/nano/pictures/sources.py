"""List the packages on whose pictures the classifier of mediums is trained.

Several packages a kind, so that it does not learn a package's backgrounds or sizes. None of them is
held out in `training/evaluation`. They are downloaded when it is trained; no picture is committed.
"""

from typing import Final

from training.evaluation.real_pictures.picture_sets import PICTURE_SETS, PictureSet

_CLIP_ART: Final = frozenset({"birds", "fruit", "vehicles", "tools", "people"})
"""Sets of one large package that are used: more would outweigh the other packages."""


def _set(package: str, kind: str, subject: str, pattern: str) -> PictureSet:
    return PictureSet(package, kind, subject, "development", pattern)


_CORE: Final = "usr/share/games/wesnoth/*/data/core/images"
_SPACE: Final = "usr/share/games/endless-sky/images"
_FREECIV: Final = "usr/share/games/freeciv"
_FREEORION: Final = "usr/share/games/freeorion/default/data/art"
_ARDENTRYST: Final = "usr/share/games/ardentryst/Data"
_TECNOBALLZ: Final = "usr/share/games/tecnoballz"
_GIMP_HELP: Final = "usr/share/gimp/2.0/help/en/images"

_MORE: Final = (
    _set("endless-sky-data", "photograph", "landscapes", f"{_SPACE}/land/*.jpg"),
    _set("mate-backgrounds", "photograph", "nature", "usr/share/backgrounds/mate/nature/*.jpg"),
    _set("lomiri-wallpapers-16.04", "photograph", "wallpapers", "usr/share/backgrounds/*.*"),
    _set("wesnoth-1.16-data", "painting", "stories", "usr/share/games/wesnoth/**/story/**/*.*"),
    _set("freeorion-data", "painting", "species", f"{_FREEORION}/species/**/*.png"),
    _set("freecol", "painting", "portraits", "usr/share/games/freecol/**/foundingFathers/*.jpg"),
    _set("flare-game", "painting", "portraits", "usr/share/games/flare/**/portraits/*.png"),
    _set("tuxpaint-stamps-default", "clip art", "cartoons", "usr/share/**/cartoon/**/*.png"),
    _set("oxygen-icon-theme", "clip art", "icons", "usr/share/icons/oxygen/base/[12]*8x*/**/*.png"),
    _set("pysiogame", "clip art", "words", "usr/share/games/pysiogame/**/art4apps/**/*.*"),
    _set("freeciv-data", "clip art", "flags", f"{_FREECIV}/flags/*-large.png"),
    _set("freeorion-data", "clip art", "technologies", f"{_FREEORION}/icons/tech/*.png"),
    _set("wesnoth-1.16-data", "pixel art", "items", f"{_CORE}/items/**/*.png"),
    _set("ardentryst", "pixel art", "items", f"{_ARDENTRYST}/Items/*.png"),
    _set("ardentryst", "pixel art", "figures", f"{_ARDENTRYST}/[PN]y*/*.png"),
    _set("tecnoballz-data", "pixel art", "textures", f"{_TECNOBALLZ}/textures/*.png"),
    _set("endless-sky-data", "3D render", "outfits", f"{_SPACE}/outfit/**/*.png"),
    _set("freeciv-data", "3D render", "buildings", f"{_FREECIV}/buildings/*.png"),
    _set("lincity-ng-data", "3D render", "tiles", "usr/share/games/lincity-ng/images/tiles/*.png"),
    _set("freedroidrpg-data", "3D render", "items", "usr/share/freedroidrpg/**/*.jpg"),
    _set("qtcreator-doc", "screenshot", "windows", "usr/share/qtcreator/**/qtcreator/images/*.png"),
    _set("kicad-doc-en", "screenshot", "windows", "usr/share/doc/kicad/help/en/images/en/*.png"),
    _set("gimp-help-en", "screenshot", "menus", f"{_GIMP_HELP}/menus/**/*.png"),
    _set("gimp-help-en", "screenshot", "dialogs", f"{_GIMP_HELP}/dialogs/*.png"),
)  # fmt: skip

TRAINING_SETS: Final = (
    *(
        picture_set
        for picture_set in PICTURE_SETS
        if picture_set.use == "development"
        and (picture_set.package != "openclipart-png" or picture_set.subject in _CLIP_ART)
    ),
    *_MORE,
)
MEDIUM_OF_KIND: Final = {
    "photograph": "photograph",
    "painting": "painting",
    "clip art": "vector art",
    "pixel art": "pixel art",
    "3D render": "3D render",
    "screenshot": "screenshot",
}
"""The class of the classifier for each kind of set."""
