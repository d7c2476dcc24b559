"""The two controls of every evaluation: no profile (`user_blind`), another user's (`other_user`).

A model that uses the profile is near chance with both; a model that ignores it is not.
"""

import random
from collections.abc import Sequence
from typing import Final, TypeVar

from shared.jobs.evaluation import Control

USER_BLIND: Final[Control] = "user_blind"
OTHER_USER: Final[Control] = "other_user"
CONTROLS: Final[tuple[Control, ...]] = (USER_BLIND, OTHER_USER)
ValueT = TypeVar("ValueT")


def other_users(users: Sequence[str], *, seed: int) -> dict[str, str]:
    """Another user for each user, each of them once; empty where there is only one user."""
    shuffled = list(users)
    random.Random(seed).shuffle(shuffled)
    following = of_next_user(shuffled)
    return dict(zip(shuffled, following, strict=True)) if len(shuffled) > 1 else {}


def of_next_user(values: Sequence[ValueT]) -> list[ValueT]:
    """Give each user the value of the next user; the last user gets the value of the first."""
    return [*values[1:], *values[:1]]


def of_previous_user(values: Sequence[ValueT]) -> list[ValueT]:
    """Give each user the value of the previous user; the first user gets the value of the last."""
    return [*values[-1:], *values[:-1]]
