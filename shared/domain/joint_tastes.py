"""One of several tastes of a user: liked references that belong together, and their words."""

from collections.abc import Sequence
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


def taste_names(tastes: Sequence[JointTaste]) -> dict[str, str]:
    """A short name for each taste, by its id: the liked words that not all tastes share.

    Tastes that differ in what they show alone have the same words, or none.
    """
    words = {taste.taste_id: _strongest(taste) for taste in tastes}
    shared = set.intersection(*map(set, words.values())) if words else set()
    names = {
        taste_id: ", ".join(word for word in own if word not in shared) or ", ".join(own)
        for taste_id, own in words.items()
    }
    return {taste_id: name or "no words" for taste_id, name in names.items()}


def _strongest(taste: JointTaste) -> list[str]:
    """The strongest liked word of each element that has one."""
    return [words[0].word for _, words in taste.preference.items() if words]
