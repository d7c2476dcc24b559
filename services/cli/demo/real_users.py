"""Choose the users of the first chapter: each likes one group of real pictures more than another.

The right answers come from the packages: what a picture shows, and its kind. How colorful a
photograph is, is measured. The model and the image encoder see none of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from services.cli.demo.scenario import Scenario
from shared.domain.errors import Unprocessable
from shared.images.decoding.decoder import decode
from shared.images.packaged.pictures import PackagePicture
from shared.images.settings import ImageSettings

REFERENCES: Final = 5
"""References of each side, as in the paper (arXiv 2511.00609)."""
NEW: Final = 6
MIN_NEW: Final = 3
"""New pictures of each side without which a check means nothing."""
COLORFUL_SHARE: Final = 2 / 7
"""Share of the photographs of cities that are the most colorful, and share of the least."""
SMALL_SIDE: Final = 64
FROM_SOURCE: Final = "What a picture shows is known from its package."


@dataclass(frozen=True)
class RealUser:
    """A user, the pictures to draw the liked ones from, and those for the disliked ones."""

    name: str
    title: str
    text: str
    wanted: Sequence[PackagePicture]
    unwanted: Sequence[PackagePicture]

    @property
    def has_enough(self) -> bool:
        return min(len(self.wanted), len(self.unwanted)) >= REFERENCES + MIN_NEW


def real_users(
    pictures: Sequence[PackagePicture], colorfulness: Mapping[str, float]
) -> list[RealUser]:
    """The users for whom there are enough pictures. `colorfulness` is by name, for cities."""
    cities = sorted(
        (p for p in pictures if p.subject == "city" and p.name in colorfulness),
        key=lambda picture: colorfulness[picture.name],
    )
    ends = round(len(cities) * COLORFUL_SHARE)
    muted, middle, vivid = cities[:ends], cities[ends:-ends], cities[len(cities) - ends :]
    photographs = [p for p in pictures if p.kind == "photograph"]
    game_art = [p for p in pictures if p.kind == "game art"]
    creatures = [p for p in game_art if p.subject == "creature"]
    things = [p for p in game_art if p.subject == "thing"]
    rest = [p for p in game_art if p.subject not in ("creature", "thing")]
    users = (
        RealUser(
            "cities", "A subject: photographs of cities",
            "This user likes photographs of cities, and dislikes photographs of animals, people"
            f" and things. {FROM_SOURCE}",
            middle, [p for p in photographs if p.subject not in ("city", "temple")],
        ),
        RealUser(
            "creatures", "A subject within one look: creatures of a game",
            "This user likes the creatures of a game, and dislikes its things, such as keys. One"
            f" artist drew both. {FROM_SOURCE}",
            creatures, things,
        ),
        RealUser(
            "colorful", "A look within one subject: colorful cities",
            "All pictures are photographs of cities. This user likes the most colorful ones, and"
            " dislikes the least colorful ones, by the measured mean chroma.",
            vivid, muted,
        ),
        RealUser(
            "game-art", "A kind of picture: game art",
            "This user likes game art, whatever it shows, and dislikes screenshots of programs."
            " The kind is known from the package.",
            rest, [p for p in pictures if p.kind == "screenshot"],
        ),
    )  # fmt: skip
    return [user for user in users if user.has_enough]


def colorfulness_of(pictures: Sequence[PackagePicture]) -> dict[str, float]:
    """Mean chroma in CIELAB of each photograph of a city, by name; unreadable ones are left out."""
    measured = {}
    for picture in pictures:
        if picture.subject == "city":
            try:
                measured[picture.name] = mean_chroma(
                    decode(picture.read(), picture.name, ImageSettings(max_image_side=SMALL_SIDE))
                )
            except (Unprocessable, OSError):
                continue
    return measured


def mean_chroma(image: Image.Image) -> float:
    """Mean distance of the pixels from gray in CIELAB; about 60 for a pure color."""
    from skimage.color import rgb2lab  # Imported here: it is slow, and only the demo needs it.

    lab = rgb2lab(np.asarray(image.convert("RGB")))
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def write_scenario(user: RealUser, folder: Path, *, seed: int) -> Scenario:
    """Draw the user's pictures, and write them into `folder`; raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    wanted, unwanted = (_drawn(group, rng) for group in (user.wanted, user.unwanted))
    new = [*wanted[REFERENCES:], *unwanted[REFERENCES:]]
    order = rng.permutation(len(new))
    paths = {p.name: _written(p, folder) for p in (*wanted, *unwanted)}
    return Scenario(
        name=user.name, title=user.title, text=user.text,
        liked=tuple(paths[p.name] for p in wanted[:REFERENCES]),
        disliked=tuple(paths[p.name] for p in unwanted[:REFERENCES]),
        slate=tuple(paths[new[int(number)].name] for number in order),
        wanted=frozenset(paths[p.name].name for p in wanted[REFERENCES:]),
        unwanted=frozenset(paths[p.name].name for p in unwanted[REFERENCES:]),
        shows={paths[p.name].name: f"{p.kind}, {p.subject}" for p in new},
    )  # fmt: skip


def _drawn(group: Sequence[PackagePicture], rng: np.random.Generator) -> list[PackagePicture]:
    chosen = rng.permutation(len(group))[: REFERENCES + NEW]
    return [group[int(number)] for number in chosen]


def _written(picture: PackagePicture, folder: Path) -> Path:
    path = folder / picture.name  # The content decides the format; a short id fits into a table.
    path.write_bytes(picture.read())
    return path
