"""Draw one item of a simulated benchmark: a user, references, two candidates, perhaps a slate."""

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
from training.prefersim.values.synonyms import said
from training.prefersim.values.vocabulary import Attributes, words_of

EASY_REFERENCES: Final = 5
"""Liked and disliked images each, as many as the paper shows (arXiv 2511.00609)."""
SLATE: Final = 20
"""Candidates of a slate."""


@dataclass(frozen=True)
class Drawn:
    """An item's JSON and its image files by name; image B's comes last."""

    user: User
    row: dict[str, Any]
    files: dict[str, bytes]


def draw_item(rng: np.random.Generator, level: Level, kind: Kind, *, name: str) -> Drawn:
    """One user and what is asked of them; its images are named after `name`."""
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
            "prefered_images": [words_of(shown) for shown in liked],
            "non_prefered_images": [words_of(shown) for shown in disliked],
        },
        "decided_by": _decided_by(pair),
    }
    return Drawn(user, row, _by_name(names, drawn))


def draw_slate(rng: np.random.Generator, level: Level, kind: Kind, item: Drawn) -> Drawn:
    """Candidates for the user of an item, each of another scene, with how much they are liked."""
    shown = slate(rng, item.user, SLATE, unseen=kind.unseen)
    drawn = _files(rng, level, shown, np.arange(SLATE))
    name = item.row["user_id"]
    names = [f"{name}-slate-{k:02}{suffix}" for k, (suffix, _) in enumerate(drawn, start=1)]
    kept = ("user_id", "prefered_images", "non_prefered_images")
    row = {
        **{key: item.row[key] for key in kept},
        "images": names,
        "relevance": relevance(item.user, shown).tolist(),
        "shows": [words_of(candidate) for candidate in shown],
    }
    return Drawn(item.user, row, _by_name(names, drawn))


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
    rng: np.random.Generator, level: Level, shown: Attributes, scene_of: Attributes
) -> list[tuple[str, bytes]]:
    """Name's ending and bytes of each drawing; those of one number in `scene_of` share a scene."""
    scenes = draw_scenes(rng, int(scene_of.max()) + 1).take(scene_of)
    if level == "easy":
        return [(".png", _as_png(pixels)) for pixels in render(scenes, shown, rng)]
    weakened = render(scenes, shown, rng, draw_strength(rng, len(shown)))
    return list(_degraded(rng, weakened))


def _degraded(rng: np.random.Generator, drawings: Pixels) -> Iterator[tuple[str, bytes]]:
    for pixels in drawings:
        how = draw_degradation(rng)
        yield ".png" if how.quality is None else ".jpg", as_file(pixels, how, rng)


def _by_name(names: list[str], drawn: list[tuple[str, bytes]]) -> dict[str, bytes]:
    return {name: data for name, (_, data) in zip(names, drawn, strict=True)}


def _as_png(pixels: Pixels) -> bytes:
    memory = io.BytesIO()
    as_image(pixels).save(memory, "PNG")
    return memory.getvalue()


def _truth(rng: np.random.Generator, user: User) -> dict[str, dict[str, list[str]]]:
    """The taste in the simulator's words and as somebody says it, in synonyms and near-synonyms."""
    likes, dislikes = user.like_words, user.dislike_words
    return {
        "prefer_attributes": _lists(likes),
        "non_prefer_attributes": _lists(dislikes),
        "said_preference": _lists(said(rng, likes)),
        "said_non_preference": _lists(said(rng, dislikes)),
    }


def _lists(side: Words) -> dict[str, list[str]]:
    return {element.value: list(words) for element, words in side.items()}


def _decided_by(pair: Pair) -> str:
    return "all" if pair.element is None else ELEMENTS[pair.element].value
