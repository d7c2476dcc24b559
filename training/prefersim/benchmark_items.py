"""Draw one item of a simulated benchmark: a user, references, two candidates, and a slate."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from shared.domain.taste import ELEMENTS
from shared.jobs.evaluation import Level
from training.prefersim.drawing.colors import Pixels
from training.prefersim.drawing.degradations import as_file, draw_degradation, draw_strength
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.users.candidates import Pair, easy_pair, hard_pair, relevance, slate
from training.prefersim.users.users import Kind, User, Words, draw_user, hard_references, references
from training.prefersim.values.synonyms import to_synonyms
from training.prefersim.values.vocabulary import Attributes, words_of

EASY_REFERENCES: Final = 5
"""References per side, as in the paper (arXiv 2511.00609)."""
SLATE: Final = 20
"""Number of candidates of a slate."""


@dataclass(frozen=True)
class DrawnItem:
    """The JSON row of an item, and its image files by name; image B is the last."""

    user: User
    row: dict[str, Any]
    files: dict[str, bytes]


def draw_item(rng: np.random.Generator, level: Level, kind: Kind, *, name: str) -> DrawnItem:
    """Draw a user and an item for this user; the names of the images begin with `name`."""
    user = draw_user(rng, kind)
    liked, disliked = _references(rng, level, user)
    pair = easy_pair(rng, user) if level == "easy" else hard_pair(rng, user, unseen=kind.unseen)
    first_is_better = bool(rng.random() < 0.5)
    a, b = (pair.better, pair.worse) if first_is_better else (pair.worse, pair.better)
    side = len(liked)
    # A liked and a disliked reference share each scene, and so do the two candidates.
    scene_of = np.array([*range(side), *range(side), side, side])
    drawn = _files(rng, level, np.stack([*liked, *disliked, a, b]), scene_of)
    numbers = range(1, side + 1)
    stems = [*(f"liked-{k}" for k in numbers), *(f"disliked-{k}" for k in numbers), "A", "B"]
    names = [f"{name}-{stem}{suffix}" for stem, (suffix, _) in zip(stems, drawn, strict=True)]
    row = {
        "user_id": name,
        "imageA": names[-2],
        "imageB": names[-1],
        "prefered_images": names[:side],
        "non_prefered_images": names[side : 2 * side],
        "conversations": [{"from": "gpt", "value": f"Image {'A' if first_is_better else 'B'}"}],
        **_truth(rng, user),
        "shows": {
            "imageA": words_of(a),
            "imageB": words_of(b),
            "prefered_images": [words_of(reference) for reference in liked],
            "non_prefered_images": [words_of(reference) for reference in disliked],
        },
        "decided_by": _decided_by(pair),
    }
    return DrawnItem(user, row, _by_name(names, drawn))


def draw_slate(rng: np.random.Generator, level: Level, kind: Kind, item: DrawnItem) -> DrawnItem:
    """Draw candidates for the user of an item, with their relevance; each has its own scene."""
    values = slate(rng, item.user, SLATE, unseen=kind.unseen)
    drawn = _files(rng, level, values, np.arange(SLATE))
    name = item.row["user_id"]
    names = [f"{name}-slate-{k:02}{suffix}" for k, (suffix, _) in enumerate(drawn, start=1)]
    kept = ("user_id", "prefered_images", "non_prefered_images")
    row = {
        **{key: item.row[key] for key in kept},
        "images": names,
        "relevance": relevance(item.user, values).tolist(),
        "shows": [words_of(candidate) for candidate in values],
    }
    return DrawnItem(item.user, row, _by_name(names, drawn))


def _references(
    rng: np.random.Generator, level: Level, user: User
) -> tuple[Attributes, Attributes]:
    if level == "easy":
        return (
            references(rng, user.likes, EASY_REFERENCES),
            references(rng, user.dislikes, EASY_REFERENCES),
        )
    return (
        hard_references(rng, user.likes, user.dislikes),
        hard_references(rng, user.dislikes, user.likes),
    )


def _files(
    rng: np.random.Generator, level: Level, values: Attributes, scene_of: Attributes
) -> list[tuple[str, bytes]]:
    """Suffix and bytes of each drawing; equal numbers in `scene_of` share a scene."""
    scenes = draw_scenes(rng, int(scene_of.max()) + 1).take(scene_of)
    if level == "easy":
        return [(".png", _as_png(pixels)) for pixels in render(scenes, values, rng)]
    weakened = render(scenes, values, rng, draw_strength(rng, len(values)))
    return list(_degraded(rng, weakened))


def _degraded(rng: np.random.Generator, drawings: Pixels) -> Iterator[tuple[str, bytes]]:
    for pixels in drawings:
        degradation = draw_degradation(rng)
        suffix = ".png" if degradation.quality is None else ".jpg"
        yield suffix, as_file(pixels, degradation, rng)


def _by_name(names: list[str], drawn: list[tuple[str, bytes]]) -> dict[str, bytes]:
    return {name: data for name, (_, data) in zip(names, drawn, strict=True)}


def _as_png(pixels: Pixels) -> bytes:
    memory = io.BytesIO()
    as_image(pixels).save(memory, "PNG")
    return memory.getvalue()


def _truth(rng: np.random.Generator, user: User) -> dict[str, dict[str, list[str]]]:
    """The taste in the words of the vocabulary, and in synonyms."""
    likes, dislikes = user.like_words, user.dislike_words
    return {
        "prefer_attributes": _lists(likes),
        "non_prefer_attributes": _lists(dislikes),
        "said_preference": _lists(to_synonyms(rng, likes)),
        "said_non_preference": _lists(to_synonyms(rng, dislikes)),
    }


def _lists(side: Words) -> dict[str, list[str]]:
    return {element.value: list(words) for element, words in side.items()}


def _decided_by(pair: Pair) -> str:
    return "all" if pair.element is None else ELEMENTS[pair.element].value
