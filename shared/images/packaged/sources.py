"""List the packages with real pictures: where the pictures lie, what they show, their license.

`infra/demo-pictures.txt` names the packages that are installed for their pictures alone. The others
are dependencies. `services/cli/demo/README.md` shows this list as a table.
"""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["photograph", "game art", "screenshot"]


@dataclass(frozen=True)
class PictureSource:
    """Pictures of one package in one folder or zip archive."""

    package: str
    license: str
    """License of the pictures; that of the package where it names none for them."""
    place: str
    """Folder or zip archive below the folder of installed packages."""
    kind: Kind
    subjects: tuple[tuple[str, str], ...]
    """Pattern of the path below `place`, and what these files show; the first match counts."""


CITIES: Final = PictureSource(
    "mezzanine", "BSD-2-Clause; names no authors of the photographs",
    "mezzanine/core/static/test/gallery.zip", "photograph", (("*.jpg", "city"),),
)  # fmt: skip
SCIKIT_IMAGE: Final = PictureSource(
    "scikit-image", "BSD-3-Clause", "skimage/data", "photograph",
    (
        ("astronaut.png", "person"), ("camera.png", "person"), ("chelsea.png", "animal"),
        ("coffee.png", "cup"), ("coins.png", "coins"), ("motorcycle_left.png", "vehicle"),
        ("rocket.jpg", "rocket"), ("moon.png", "space"), ("hubble_deep_field.jpg", "space"),
        ("retina.jpg", "medicine"), ("ihc.png", "medicine"), ("grass.png", "ground"),
        ("gravel.png", "ground"),
    ),
)  # fmt: skip
SCIKIT_LEARN: Final = PictureSource(
    "scikit-learn", "CC BY 2.0", "sklearn/datasets/images", "photograph",
    (("flower.jpg", "flower"), ("china.jpg", "temple")),
)  # fmt: skip
IMGAUG: Final = PictureSource(
    "imgaug", "MIT", "imgaug", "photograph", (("quokka.jpg", "animal"),)
)  # fmt: skip
PLENOPTIC: Final = PictureSource(
    "plenoptic", "public domain (macaque), MIT", "plenoptic/data", "photograph",
    (("macaca_*.jpg", "animal"), ("parrot.png", "animal")),
)  # fmt: skip
ARCADE: Final = PictureSource(
    "arcade", "CC0 (Kenney)", "arcade/resources/images", "game art",
    (
        ("enemies/*_*", "left out"), ("enemies/saw*", "left out"), ("enemies/*", "creature"),
        ("animated_characters/*_idle.png", "character"), ("alien/alienBlue_front.png", "creature"),
        ("items/*_*", "left out"), ("items/ladder*", "left out"), ("items/flag*2*", "left out"),
        ("items/*", "thing"),
        ("space_shooter/playerShip?_*", "spaceship"), ("space_shooter/meteorGrey_big*", "rock"),
        ("tiles/boxCrate*", "thing"), ("tiles/bomb.png", "thing"), ("tiles/lock*", "thing"),
        ("tiles/sign*", "thing"), ("tiles/torch1.png", "thing"), ("tiles/cactus.png", "plant"),
        ("tiles/bush.png", "plant"), ("tiles/mushroomRed.png", "plant"),
        ("tiles/rock.png", "rock"), ("isometric_dungeon/stoneWall*", "building"),
    ),
)  # fmt: skip
QT_EXAMPLES: Final = PictureSource(
    "pyside6-examples", "BSD-3-Clause, LGPL-3.0 or GPL", "PySide6/examples", "screenshot",
    (
        ("charts/*/doc/*.png", "chart"), ("widgets/animation/*", "left out"),
        ("widgets/graphicsview/*", "left out"), ("widgets/draganddrop/*", "left out"),
        ("widgets/painting/*", "left out"), ("widgets/*/doc/*.png", "window"),
    ),
)  # fmt: skip
SOURCES: Final = (
    CITIES, SCIKIT_IMAGE, SCIKIT_LEARN, IMGAUG, PLENOPTIC, ARCADE, QT_EXAMPLES,
)  # fmt: skip
LEFT_OUT: Final = "left out"
"""Subject of files that are no pictures on their own, such as a frame of an animation."""
