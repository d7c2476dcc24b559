"""How much a user goes by what images show, next to how they look."""

from math import exp
from typing import Annotated, Final

from pydantic import Field

from shared.domain.taste import Value

STEEPNESS: Final = 4.0
"""How fast the weight grows with the difference of the separations."""
NEEDED_DIFFERENCE: Final = 0.5
"""Difference from which the subject weighs more than the look. The look is measured on the images
from which it was predicted, and is still the better guide for users who choose by it."""
MAX_EXPONENT: Final = 50.0
SUBJECT_FACTOR: Final = 5.0
"""A subject score of 5 counts as much as a total of 25."""
MAX_TOTAL: Final = 25.0


class SubjectWeight(Value):
    """The weight of the subject in a user's ranking, and the evidence for it."""

    weight: Annotated[float, Field(ge=0, le=1)]
    """Share of the subject in the total score; the look has the rest."""
    subject_separation: float
    """Distance of the user's liked and disliked references by what they show, in standard
    deviations (d'); each reference is compared with the others."""
    look_separation: float
    """The same by the scores of the five elements."""


def subject_weight(*, subject: float, look: float) -> SubjectWeight:
    """The weight from the separations of a user's references by subject and by look."""
    exponent = STEEPNESS * (subject - look - NEEDED_DIFFERENCE)
    weight = 1 / (1 + exp(-max(-MAX_EXPONENT, min(MAX_EXPONENT, exponent))))
    return SubjectWeight(
        weight=round(weight, 4),
        subject_separation=round(subject, 4),
        look_separation=round(look, 4),
    )


def total_with_subject(total: float, subject: float, weight: float) -> float:
    """The total of look, 0-25, and subject, 0-5, with the weight of the subject, 0-1; 0-25."""
    both = (1 - weight) * total + weight * SUBJECT_FACTOR * subject
    return min(max(both, 0.0), MAX_TOTAL)
