"""Simulated users for photographs, which have no known art style and medium."""

import numpy as np

from training.nano.data.image_pool import KNOWN_IN_PHOTOGRAPHS
from training.prefersim.users.users import User
from training.prefersim.values.vocabulary import SIZES, UNKNOWN_VALUE, Attributes, held_out


def with_photographs_only(user: User) -> User:
    """The same user with photographs as references: style and medium are unknown."""
    unknown = [k for k in range(len(SIZES)) if k not in KNOWN_IN_PHOTOGRAPHS]
    sides = user.likes.copy(), user.dislikes.copy()
    for side in sides:
        side[:, unknown] = UNKNOWN_VALUE
    return User(*sides)


def user_for_photograph(
    rng: np.random.Generator,
    user: User,
    shows: Attributes,
    *,
    sources: tuple[float, float, float],
) -> User:
    """This user with some values swapped, so that they like or dislike what a photograph shows.

    A drawing is rendered for a user; a photograph is given, so the user is adapted to it.
    `sources` are the probabilities that a value is liked, disliked, or left as it is.
    """
    while True:
        table = np.concatenate([user.likes, user.dislikes])
        profiles = len(user.likes)
        table[:, 0] = rng.permutation(SIZES[0])[: len(table)]  # not every style fits each color
        for element in KNOWN_IN_PHOTOGRAPHS:
            source = int(rng.choice(3, p=sources))
            if source < 2:
                place = source * profiles + int(rng.integers(profiles))
                _swap(table[:, element], place, int(shows[element]))
        adapted = User(table[:profiles], table[profiles:])
        combinations = [
            (style, color)
            for side in (adapted.likes, adapted.dislikes)
            for style in side[:, 0]
            for color in side[:, 1]
        ]
        if not held_out(np.array(combinations)).any():
            return adapted


def _swap(values: Attributes, place: int, value: int) -> None:
    """Put `value` at `place`, in place; its former position gets the value that was there."""
    values[values == value] = values[place]
    values[place] = value
