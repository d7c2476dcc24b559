"""Draw users of the hard level who like two whole combinations, free combinations, or one taste."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from PIL import Image

from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from training.prefersim.drawing.degradations import as_file, draw_degradation, draw_strength
from training.prefersim.drawing.renderer import render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.users.candidates import hard_pair, relevance, slate
from training.prefersim.users.joint_users import (
    JointUser,
    free_references,
    joint_pair,
    joint_references,
    joint_slate,
)
from training.prefersim.users.users import Kind, draw_user
from training.prefersim.values.vocabulary import Attributes

UserKind = Literal["joint", "free", "single"]
KINDS: Final[tuple[UserKind, ...]] = ("joint", "free", "single")
STREAM: Final = 0x7A57E
"""Separates these random numbers from those of other users."""


@dataclass(frozen=True)
class SimulatedUser:
    """The images of one user: references, a slate with its true scores, and a pair."""

    liked: list[Image.Image]
    disliked: list[Image.Image]
    slate: list[Image.Image]
    relevance: tuple[float, ...]
    better: Image.Image
    worse: Image.Image


def user_of(kind: UserKind, number: int, seed: int, count: int) -> SimulatedUser:
    """Draw a user; a seed always gives the same users, whatever their number is."""
    rng = np.random.default_rng((seed, STREAM, KINDS.index(kind), number))
    user = draw_user(rng, Kind(multi=kind != "single", unseen=number % 2 == 1))
    chosen = free_references if kind == "free" else joint_references
    liked = chosen(rng, user.likes, user.dislikes, count)
    disliked = chosen(rng, user.dislikes, user.likes, count)
    if kind == "joint":
        joint = JointUser(user)
        candidates = joint_slate(rng, user)
        scores, pair = joint.relevance(candidates), joint_pair(rng, joint)
    else:
        candidates = slate(rng, user, unseen=True)
        scores, pair = relevance(user, candidates), hard_pair(rng, user, unseen=True)
    images = iter(drawn(rng, np.stack([*liked, *disliked, *candidates, pair.better, pair.worse])))
    return SimulatedUser(
        liked=[next(images) for _ in liked],
        disliked=[next(images) for _ in disliked],
        slate=[next(images) for _ in candidates],
        relevance=tuple(scores.tolist()),
        better=next(images),
        worse=next(images),
    )


def drawn(rng: np.random.Generator, values: Attributes) -> list[Image.Image]:
    """Drawings of the hard level, each with its own scene."""
    scenes = draw_scenes(rng, len(values))
    drawings = render(scenes, values, rng, draw_strength(rng, len(values)))
    files = [as_file(pixels, draw_degradation(rng), rng) for pixels in drawings]
    return [decode(data, "a drawing", ImageSettings()) for data in files]
