"""Users and photographs, which show no art style and no medium that anybody decided."""

import numpy as np

from training.nano.data.image_pool import KNOWN_IN_PHOTOGRAPHS
from training.prefersim.users.users import User
from training.prefersim.values.vocabulary import SIZES, UNKNOWN_VALUE, Attributes, held_out


def as_photographed(user: User) -> User:
    """The same taste of somebody whose references are photographs."""
    unknown = [k for k in range(len(SIZES)) if k not in KNOWN_IN_PHOTOGRAPHS]
    sides = user.likes.copy(), user.dislikes.copy()
    for side in sides:
        side[:, unknown] = UNKNOWN_VALUE
    return User(*sides)


def somebody_who_saw(
    rng: np.random.Generator,
    user: User,
    shows: Attributes,
    *,
    sources: tuple[float, float, float],
) -> User:
    """This user with some values traded, so that they like or dislike what a photograph shows.

    Photographs cannot be drawn to a taste, so the taste is drawn to the photograph.
    """
    while True:
        table = np.concatenate([user.likes, user.dislikes])
        tastes = len(user.likes)
        table[:, 0] = rng.permutation(SIZES[0])[: len(table)]  # not every style goes with a color
        for element in KNOWN_IN_PHOTOGRAPHS:
            source = int(rng.choice(3, p=sources))
            if source < 2:
                place = source * tastes + int(rng.integers(tastes))
                _trade(table[:, element], place, int(shows[element]))
        traded = User(table[:tastes], table[tastes:])
        crossed = [
            (i, j)
            for side in (traded.likes, traded.dislikes)
            for i in side[:, 0]
            for j in side[:, 1]
        ]
        if not held_out(np.array(crossed)).any():
            return traded


def _trade(values: Attributes, place: int, value: int) -> None:
    """Put `value` at `place`; where it stood before, in place of the one that stood there."""
    values[values == value] = values[place]
    values[place] = value
