"""One entry of a profile's history: feedback on feeds has changed what the user stated."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.domain.corrections import SideName
from shared.domain.taste import Element, Value
from shared.events.types.feedback import Action
from shared.events.types.fields import Moment

MAX_HISTORY: Final = 20
"""Entries kept in a profile: the latest."""
IgnoredReason = Literal["replaced", "side_full"]
"""Why feedback is no reference: other feedback on the same image counts, the later or the stronger
one; or stronger or later references fill its side."""


class TasteChange(Value):
    """The words of one element and side that feedback on feeds has changed, or no longer changes.

    *Stated* are the words that the user's stated references (`reference_like`,
    `reference_dislike`), pins and edits give alone.
    """

    at: Moment
    """When the profile service stored the change."""
    kind: Literal["overruled", "restored"]
    """`overruled`: a stated word is no longer among the words of the profile. `restored`: after
    such a change, all stated words are again."""
    side: SideName
    element: Element
    stated: tuple[str, ...]
    """The stated words, strongest first."""
    words: tuple[str, ...]
    """The words of the profile from now on, strongest first."""
    statements: Annotated[int, Field(ge=0)]
    """Number of stated references on this side."""
    feedback: Mapping[Action, Annotated[int, Field(ge=1)]] = {}
    """The feedback behind the change: references by action, those that show the new words."""

    @property
    def dated(self) -> str:
        """The sentence after its day."""
        return f"{self.at:%Y-%m-%d}: {self.sentence}"

    @property
    def sentence(self) -> str:
        """The change in words: `liked color: teal instead of stated blue (12 likes, 3 clicks)`."""
        place = f"{'liked' if self.side == 'preference' else 'disliked'} {self.element.label}"
        words, stated = ", ".join(self.words) or "unknown", ", ".join(self.stated)
        if self.kind == "restored":
            return f"{place}: {words} again, as stated"
        counts = ", ".join(
            f"{count} {action if count == 1 else action + 's'}"
            for action, count in self.feedback.items()
        )
        return f"{place}: {words} instead of stated {stated}" + (f" ({counts})" if counts else "")


def ignored_sentence(counts: Mapping[IgnoredReason, int]) -> str | None:
    """The feedback that is no reference, in words; None without any."""
    parts = [
        f"{counts[reason]} {text}"
        for reason, text in _IGNORED_BECAUSE.items()
        if counts.get(reason)
    ]
    return f"feedback that is no reference: {'; '.join(parts)}" if parts else None


_IGNORED_BECAUSE: Final[Mapping[IgnoredReason, str]] = {
    "replaced": "replaced by other feedback on the same image",
    "side_full": "behind stronger or later references of a full side",
}
