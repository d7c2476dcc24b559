"""A person corrects their own taste profile."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.domain.corrections import CorrectedWord, SideName, Word
from shared.domain.taste import MAX_WORDS, Element
from shared.events.types.base import Event

CorrectionAction = Literal["pin", "veto", "edit", "reset"]


class ProfileCorrected(Event):
    """`profile.corrected.v1`: a person's own word on their taste; it outranks every prediction."""

    event_type: ClassVar[str] = "profile.corrected.v1"

    action: CorrectionAction
    """`pin`: this word holds. `veto`: this word does not. `edit`: exactly these words. `reset`:
    the model's own again."""
    element: Element | None = None
    """Left out by a `reset` of everything."""
    side: SideName | None = None
    """Left out: `preference` for `pin` and `edit`, both sides for `veto` and `reset`."""
    word: Word | None = None
    """Of a `pin` or a `veto`."""
    words: Annotated[tuple[CorrectedWord, ...], Field(max_length=MAX_WORDS)] | None = None
    """Of an `edit`; an empty list says that nothing is known of the element."""

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        needs = {"pin": ("element", "word"), "veto": ("element", "word")}
        needs["edit"] = ("element", "words")
        for field in needs.get(self.action, ()):
            if getattr(self, field) is None:
                raise ValueError(f"action {self.action} needs {field}")
        return self
