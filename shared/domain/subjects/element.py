"""The sixth element of a profile: the subject, which the paper and the prompts do not have."""

from enum import StrEnum
from typing import Final

from shared.domain.taste import ELEMENTS, Element


class SubjectElement(StrEnum):
    """What an image shows, next to the five elements of how it looks."""

    SUBJECT = "subject"

    @property
    def label(self) -> str:
        """The element's name on pages."""
        return self.value


SUBJECT: Final = SubjectElement.SUBJECT
ProfileElement = Element | SubjectElement
"""An element that a user can correct."""
PROFILE_ELEMENTS: Final[tuple[ProfileElement, ...]] = (*ELEMENTS, SUBJECT)
