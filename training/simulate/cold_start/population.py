"""Draw a population in which some tastes are common, and what its other users did."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shared.client import action
from shared.events import Feedback
from training.simulate.baselines import ClickHistory
from training.simulate.catalog import Catalog, draw_catalog
from training.simulate.users import SimulatedUser, clicks, draw_users, explicit_feedback

TRENDS: Final = 3
"""Common tastes: without any, nothing is popular and popularity equals chance."""
TREND_SHARE: Final = 0.6
"""Share of the users who have one of the common tastes, each with own weights of the elements."""
VIEWS: Final = 40
"""Images that each other user has viewed."""
EXPLICIT_RATE: Final = 0.5
"""Chance that another user with a strong opinion states it."""


@dataclass(frozen=True)
class Population:
    """New users, the catalog, and the feedback of other users on it."""

    catalog: Catalog
    new_users: tuple[SimulatedUser, ...]
    feedback: tuple[Feedback, ...]
    history: ClickHistory
    """Views and clicks of the other users, for the baseline."""


def draw_population(
    *, new: int, others: int, images: int, seed: int, skew: float = 0.0
) -> Population:
    """The same population for a seed; `skew` as in `draw_images`."""
    rng = np.random.default_rng((seed, 0xC01D))
    catalog = draw_catalog(images, seed=seed, skew=skew, subjects=True)
    users = _with_trends(draw_users(TRENDS + new + others, seed=seed, subjects=True), rng)
    new_users, other_users = users[:new], users[new:]
    history = ClickHistory(len(other_users), images)
    events: list[Feedback] = []
    for number, user in enumerate(other_users):
        viewed = rng.permutation(images)[:VIEWS]
        appeal = user.appeal(catalog.shown[viewed])
        is_clicked = clicks(rng, appeal)
        liked, disliked = explicit_feedback(rng, appeal, is_clicked, rate=EXPLICIT_RATE)
        history.add(number, viewed.tolist(), viewed[is_clicked].tolist())
        for kind, chosen in (
            ("view", viewed),
            ("click", viewed[is_clicked]),
            ("like", viewed[liked]),
            ("dislike", viewed[disliked]),
        ):
            events += [
                action(user.name, kind, catalog.name(int(n)), uri=catalog.uris[n])  # type: ignore[arg-type]
                for n in chosen
            ]
    return Population(catalog, tuple(new_users), tuple(events), history)


def _with_trends(users: Sequence[SimulatedUser], rng: np.random.Generator) -> list[SimulatedUser]:
    """All users but the first `TRENDS`, most with the taste of one of these."""
    trends, rest = users[:TRENDS], users[TRENDS:]
    chosen = rng.integers(TRENDS, size=len(rest))
    has_trend = rng.random(len(rest)) < TREND_SHARE
    return [
        replace(user, taste=trends[k].taste, subject_taste=trends[k].subject_taste)
        if is_common
        else user
        for user, k, is_common in zip(rest, chosen, has_trend, strict=True)
    ]
