"""Make the events by which people correct their tastes, and know them again in a profile."""

from typing import Any
from uuid import uuid4

from shared.domain.clock import system_clock
from shared.domain.corrections import SIDES, Correction, SideName
from shared.domain.taste import ELEMENTS
from shared.events import ProfileCorrected, ProfileUpdated
from shared.events.types.correction import CorrectionAction


def correction(user_id: str, action: CorrectionAction, **fields: Any) -> ProfileCorrected:
    """This person says so of their taste; raises pydantic's `ValidationError`, a `ValueError`."""
    return ProfileCorrected.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": system_clock(),
            "user_id": user_id,
            "action": action,
            **fields,
        }
    )


def obeys(profile: ProfileUpdated, event: ProfileCorrected) -> bool:
    """Whether a profile has the correction in it, if nothing later has taken it back."""
    both = event.action in ("veto", "reset")
    sides: tuple[SideName, ...] = (event.side,) if event.side else SIDES if both else SIDES[:1]
    elements = (event.element,) if event.element else ELEMENTS
    said = {(one.side, one.element): one for one in profile.corrections}
    found = [said.get((side, element)) for side in sides for element in elements]
    return all(_obeys(one, event) for one in found)


def _obeys(found: Correction | None, event: ProfileCorrected) -> bool:
    match event.action:
        case "reset":
            return found is None
        case "edit":
            return found is not None and found.edited == event.words
        case "pin":
            return found is not None and event.word in found.pinned
        case "veto":
            return found is not None and event.word in found.vetoed
