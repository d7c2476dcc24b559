"""A correction that a user makes to their own taste profile."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.domain.corrections import CorrectedWord, SideName, Word
from shared.domain.subjects.element import ProfileElement
from shared.domain.taste import MAX_WORDS
from shared.events.types.base import UserEvent

CorrectionAction = Literal["pin", "veto", "edit", "reset"]


class ProfileCorrected(UserEvent):
    """`profile.corrected.v1`: a user corrects their profile; a correction outranks predictions."""

    event_type: ClassVar[str] = "profile.corrected.v1"

    action: CorrectionAction
    """`pin`: keep this word. `veto`: remove this word. `edit`: use exactly these words. `reset`:
    return to the prediction."""
    element: ProfileElement | None = None
    """One of the five elements of the look, or `subject`: what images show. Absent in a `reset` of
    the whole profile."""
    side: SideName | None = None
    """When absent: `preference` for `pin` and `edit`, both sides for `veto` and `reset`."""
    word: Word | None = None
    """The word to `pin` or `veto`."""
    words: Annotated[tuple[CorrectedWord, ...], Field(max_length=MAX_WORDS)] | None = None
    """The words of an `edit`; an empty list clears the element."""

    @model_validator(mode="after")
    def _has_the_fields_of_its_action(self) -> Self:
        needs = {"pin": ("element", "word"), "veto": ("element", "word")}
        needs["edit"] = ("element", "words")
        for field in needs.get(self.action, ()):
            if getattr(self, field) is None:
                raise ValueError(f"action {self.action} needs {field}")
        return self
