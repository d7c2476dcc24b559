"""Let people correct their taste, and compare the feeds before and after each correction."""

from collections.abc import Sequence
from dataclasses import dataclass, field

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

NOBODY = "nobody"
"""A user without references: a feed that is blind to the user."""


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


@dataclass
class Session:
    """Measures people one after the other; each is the other user of the next one."""

    product: Product
    seed: int
    elements: Sequence[ProfileElement]
    slate: int = SLATE
    """Images of a slate."""
    before: str | None = field(default=None, init=False)
    """The person before, whose profile stays."""

    async def measure(self, person: Person, number: int) -> list[Measured]:
        """All edits of a person. The random numbers depend on the seed and the `number` alone."""
        rng = np.random.default_rng((self.seed, number))
        profile = await self.product.learn(
            person.name, liked=person.liked, disliked=person.disliked
        )
        results = []
        has_controls: set[ProfileElement] = set()
        for edit in edits_of(profile, person.catalog, rng, elements=self.elements):
            slate = draw_slate(person.catalog, edit, rng, size=self.slate)
            if not 0 < len(showing_names(slate, edit)) < len(slate):
                continue
            control = draw_control(person.catalog, edit, rng, size=self.slate)
            # The controls cost as much as the edit: one edit of each element has them.
            with_controls = edit.frequency == "rare" and edit.element not in has_controls
            if with_controls:
                has_controls.add(edit.element)
            results.append(
                await self._edited(person, edit, slate, control if with_controls else None)
            )
        self.before = person.name
        return results

    async def _edited(
        self,
        person: Person,
        edit: Edit,
        slate: Sequence[CatalogImage],
        control: Sequence[CatalogImage] | None,
    ) -> Measured:
        """The feeds before and after one edit, which is undone at the end.

        `control` are images that do not show the word; None: without controls.
        """
        feeds = {"own": (person.name, slate)}
        if control is not None:
            if len(control) > 1:
                feeds["no_image"] = (person.name, control)
            feeds["user_blind"] = (NOBODY, slate)
            if self.before is not None:
                feeds["other_user"] = (self.before, slate)
        before = {name: await self._order(*feed) for name, feed in feeds.items()}
        await self.product.correct(edit.event(person.name))
        after = {name: await self._order(*feed) for name, feed in feeds.items()}
        await self.product.correct(reset_of(person.name))
        return Measured(
            person.name,
            edit,
            move(before["own"], after["own"], showing_names(slate, edit), raises=edit.raises),
            **{name: moved_ranks(before[name], after[name]) for name in feeds if name != "own"},
        )

    async def _order(self, user_id: str, slate: Sequence[CatalogImage]) -> list[str]:
        feed = await self.product.rank(user_id, {image.name: image.image for image in slate})
        return [item.image_id for item in feed.items]
