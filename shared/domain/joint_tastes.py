"""One of several tastes of a user: liked references that belong together, and their words."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from shared.domain.taste import Taste, TasteSide, Value

MAX_TASTES: Final = 4
"""Tastes of one user. Each one adds the cost of scoring all candidates once more."""
TasteId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class JointTaste(Value):
    """A whole combination that a user likes, such as watercolor in blue.

    A user with two or more of them likes images that fit one of them, not images that mix their
    words.
    """

    taste_id: TasteId
    """Stays the same while the taste has most of its references."""
    preference: TasteSide
    """The words of the liked references of this taste."""
    non_preference: TasteSide
    """The words of the disliked references; all tastes share these references."""
    reference_ids: tuple[Annotated[str, StringConstraints(max_length=256)], ...]
    """Image ids of the liked references that make the taste."""
    share: Annotated[float, Field(ge=0, le=1)]
    """Share of the user's liked references, 0-1. Some references may belong to no taste."""
    weight: Annotated[float, Field(ge=0, le=1)]
    """Share of the evidence of these references: a statement weighs more than a click."""

    @property
    def taste(self) -> Taste:
        return Taste(preference=self.preference, non_preference=self.non_preference)

    def with_taste(self, taste: Taste) -> "JointTaste":
        """The same references with other words."""
        return self.model_copy(
            update={"preference": taste.preference, "non_preference": taste.non_preference}
        )
