"""Build taste corrections, and check whether a profile contains them."""

from typing import Any
from uuid import uuid4

from shared.domain.clock import system_clock
from shared.domain.corrections import SIDES, Correction, SideName
from shared.domain.subjects.element import PROFILE_ELEMENTS
from shared.events import ProfileCorrected, ProfileUpdated
from shared.events.types.correction import CorrectionAction
from shared.events.types.fields import now_context


def correction(user_id: str, action: CorrectionAction, **fields: Any) -> ProfileCorrected:
    """A user's correction of their taste; raises pydantic's `ValidationError`, a `ValueError`."""
    return ProfileCorrected.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": system_clock(),
            "user_id": user_id,
            "action": action,
            **fields,
        },
        context=now_context(),
    )


def contains_correction(profile: ProfileUpdated, event: ProfileCorrected) -> bool:
    """Whether a profile contains the correction, provided that no later one has undone it."""
    both = event.action in ("veto", "reset")
    sides: tuple[SideName, ...] = (event.side,) if event.side else SIDES if both else SIDES[:1]
    elements = (event.element,) if event.element else PROFILE_ELEMENTS
    applied = {(entry.side, entry.element): entry for entry in profile.corrections}
    return all(
        _contains(applied.get((side, element)), event) for side in sides for element in elements
    )


def _contains(applied: Correction | None, event: ProfileCorrected) -> bool:
    match event.action:
        case "reset":
            return applied is None
        case "edit":
            return applied is not None and applied.edited == event.words
        case "pin":
            return applied is not None and event.word in applied.pinned
        case "veto":
            return applied is not None and event.word in applied.vetoed
