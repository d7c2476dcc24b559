"""What separates a user's liked from the disliked references: what they show, or how they look."""

from typing import Annotated

from pydantic import Field

from shared.domain.taste import Value


class SubjectWeight(Value):
    """The share of the subject in a user's ranking, and the evidence for it."""

    weight: Annotated[float, Field(ge=0, le=1)]
    """Share of the subject in the total score; the look has the rest."""
    subject_separation: float
    """Distance of the user's liked and disliked references by what they show, in standard
    deviations (d'); each reference is compared with the others. Where choices in feeds moved the
    share, these are the stated references alone."""
    look_separation: float
    """The same by the words of the five elements."""
