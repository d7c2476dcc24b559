"""The questions that the figures answer: kinds of pictures, and subjects within one kind."""

from dataclasses import dataclass
from typing import Final

from training.evaluation.real_pictures.picture_sets import PICTURE_SETS, PictureSet, Use
from training.evaluation.real_pictures.tasks import (
    pairs_of_kinds,
    pairs_of_looks,
    pairs_of_subjects,
)


@dataclass(frozen=True)
class Question:
    """Pairs of sets whose tasks answer one question."""

    name: str
    pairs: tuple[tuple[PictureSet, PictureSet], ...]

    @property
    def use(self) -> Use:
        """The use of its sets, which is one and the same."""
        return self.pairs[0][0].use


def sets_for(use: Use) -> tuple[PictureSet, ...]:
    return tuple(picture_set for picture_set in PICTURE_SETS if picture_set.use == use)


QUESTIONS: Final = (
    Question("Kind against kind, held-out packages", (*pairs_of_kinds(sets_for("held_out")),)),
    Question(
        "Subject against subject, photographs, held-out packages",
        (*pairs_of_subjects(sets_for("held_out"), "photograph"),),
    ),
    Question("Kind against kind, development", (*pairs_of_kinds(sets_for("development")),)),
    Question(
        "Subject against subject, photographs, development",
        (*pairs_of_subjects(sets_for("development"), "photograph"),),
    ),
    Question(
        "Subject against subject, clip art, development",
        (*pairs_of_subjects(sets_for("development"), "clip art"),),
    ),
    Question(
        "Look against look within one subject, development",
        (*pairs_of_looks(sets_for("development")),),
    ),
)
