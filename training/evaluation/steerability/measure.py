"""Let people correct their taste, and compare the feeds before and after each correction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.subjects.element import ProfileElement
from training.evaluation.steerability.edits import (
    SLATE,
    CatalogImage,
    Edit,
    Person,
    draw_control,
    draw_slate,
    edits_of,
    reset_of,
    showing_names,
)
from training.evaluation.steerability.moves import Move, move, moved_ranks
from training.evaluation.steerability.product import Product

NOBODY: Final = "nobody"
"""A user without references: a feed that is blind to the user."""
PEOPLE_AT_ONCE: Final = 8
"""The model scores the slates of several people in one batch."""


@dataclass(frozen=True)
class Measured:
    """One edit of one person on one slate, with its controls (ranks moved, mean over a slate)."""

    person: str
    edit: Edit
    move: Move
    no_image: float | None = None
    """How far the images of a slate move of which none shows the word; None: not measured."""
    other_user: float | None = None
    """How far the same slate moves in the feed of another user."""
    user_blind: float | None = None
    """How far the same slate moves in a feed without a user's taste."""


@dataclass(frozen=True)
class Setting:
    """What is measured, and how."""

    seed: int
    elements: Sequence[ProfileElement]
    slate: int = SLATE
    """Images of a slate."""
    edits: int | None = None
    """Edits of a person, at most; None: all."""


async def measure_people(
    product: Product, people: Sequence[Person], setting: Setting
) -> list[Measured]:
    """All edits of all people but the last, who corrects nothing: the other user of the controls.

    The random numbers of a person depend on the seed and their number alone.
    """
    *editing, other = people
    await product.learn(other.name, liked=other.liked, disliked=other.disliked)
    places = asyncio.Semaphore(PEOPLE_AT_ONCE)

    async def measured(number: int, person: Person) -> list[Measured]:
        async with places:
            return await _measure(product, person, number, other.name, setting)

    results = await asyncio.gather(*(measured(n, person) for n, person in enumerate(editing)))
    return [each for of_person in results for each in of_person]


async def _measure(
    product: Product, person: Person, number: int, other: str, setting: Setting
) -> list[Measured]:
    rng = np.random.default_rng((setting.seed, number))
    profile = await product.learn(person.name, liked=person.liked, disliked=person.disliked)
    edits = list(edits_of(profile, person.catalog, rng, elements=setting.elements))
    # The controls cost more than the edit: one edit of each element has them.
    controlled = {edit.element: edit for edit in edits if edit.frequency == "rare"}
    if setting.edits is not None and len(edits) > setting.edits:
        edits = [edits[index] for index in rng.choice(len(edits), setting.edits, replace=False)]
    results = []
    for edit in edits:
        slate = draw_slate(person.catalog, edit, rng, size=setting.slate)
        control = draw_control(person.catalog, edit, rng, size=setting.slate)
        if not 0 < len(showing_names(slate, edit)) < len(slate):
            continue
        feeds = {"own": (person.name, slate)}
        if controlled.get(edit.element) == edit:
            feeds |= {"user_blind": (NOBODY, slate), "other_user": (other, slate)}
            if len(control) > 1:
                feeds["no_image"] = (person.name, control)
        results.append(await _edited(product, person.name, edit, feeds))
    return results


async def _edited(
    product: Product, user: str, edit: Edit, feeds: dict[str, tuple[str, list[CatalogImage]]]
) -> Measured:
    """The feeds before and after one edit, which is undone at the end."""
    before = await _orders(product, feeds)
    await product.correct(edit.event(user))
    after = await _orders(product, feeds)
    await product.correct(reset_of(user))
    controls = {n: moved_ranks(before[n], after[n]) for n in feeds if n != "own"}
    showing = showing_names(feeds["own"][1], edit)
    own = move(before["own"], after["own"], showing, raises=edit.raises)
    return Measured(user, edit, own, **controls)


async def _orders(
    product: Product, feeds: dict[str, tuple[str, list[CatalogImage]]]
) -> dict[str, list[str]]:
    """The order of each feed, by name, one after the other.

    The user's own feed comes first: it stores the image vectors by which a user-blind feed is made
    varied, so that both user-blind feeds have them.
    """
    orders = {}
    for name, (user, slate) in feeds.items():
        feed = await product.rank(user, {image.name: image.image for image in slate})
        orders[name] = [item.image_id for item in feed.items]
    return orders
