"""Take in what people say of their own taste: pins, vetoes, edits, and the way back."""

from collections.abc import Sequence
from typing import Protocol

from services.profile.profile_publisher import Announcing, Person
from shared.domain.clock import Clock
from shared.domain.corrections import MOST_VETOES, SIDES, Correction, SideName
from shared.domain.taste import ELEMENTS, MAX_WORDS, Element
from shared.events import ProfileCorrected
from shared.store.protocol import ProfileStore, StoredCorrections

Place = tuple[SideName, Element]


class Model(Protocol):
    """Knows its version."""

    @property
    def model_version(self) -> str: ...


class Models(Protocol):
    """Knows which model answers now."""

    @property
    def champion(self) -> Model: ...


class Correcting:
    """The one writer of what a person has said."""

    def __init__(
        self,
        profiles: ProfileStore,
        announcing: Announcing,
        models: Models,
        *,
        clock: Clock,
        remembered_event_ids: int,
    ) -> None:
        self._profiles = profiles
        self._announcing = announcing
        self._models = models
        self._clock = clock
        self._remembered = remembered_event_ids

    async def take(self, event: ProfileCorrected) -> None:
        """Return when the correction is stored and published; again only publishes again."""
        stored = await self._profiles.get(tenant=event.tenant, user_id=event.user_id)
        known = stored.corrections if stored else None
        applied = known.applied_event_ids if known else ()
        if str(event.event_id) not in applied:
            await self._profiles.correct(
                StoredCorrections(
                    tenant=event.tenant,
                    user_id=event.user_id,
                    version=(known.version if known else 0) + 1,
                    said=after(known.said if known else (), event),
                    applied_event_ids=(*applied, str(event.event_id))[-self._remembered :],
                    model_version=self._models.champion.model_version,
                    updated_at=self._clock(),
                )
            )
        await self._announcing.tell(Person(event.tenant, event.user_id))


def after(said: Sequence[Correction], event: ProfileCorrected) -> tuple[Correction, ...]:
    """What a person has said in all once they have said this as well; the last word counts."""
    by_place: dict[Place, Correction] = {(one.side, one.element): one for one in said}
    for place in _places(event):
        side, element = place
        known = by_place.get(place, Correction(side=side, element=element))
        by_place[place] = _changed(known, event)
        if event.action in ("pin", "edit"):
            other = ("non_preference" if side == "preference" else "preference", element)
            if other in by_place:
                by_place[other] = _given_up(by_place[other], by_place[place])
    ordered = (by_place.get((side, element)) for side in SIDES for element in ELEMENTS)
    return tuple(one for one in ordered if one is not None and not one.is_empty)


def _places(event: ProfileCorrected) -> list[Place]:
    """Which elements of which sides an event is about."""
    both = event.action in ("veto", "reset")
    sides: tuple[SideName, ...] = (event.side,) if event.side else SIDES if both else SIDES[:1]
    elements = (event.element,) if event.element else ELEMENTS
    return [(side, element) for side in sides for element in elements]


def _changed(known: Correction, event: ProfileCorrected) -> Correction:
    empty = Correction(side=known.side, element=known.element)
    match event.action:
        case "reset":
            return empty
        case "edit":
            return empty.model_copy(update={"edited": event.words})
        case "pin":
            assert event.word is not None
            pinned = (event.word, *_without(known.pinned, event.word))[:MAX_WORDS]
            vetoed = _without(known.vetoed, event.word)
            return known.model_copy(update={"pinned": pinned, "vetoed": vetoed})
        case "veto":
            assert event.word is not None
            vetoed = (*_without(known.vetoed, event.word), event.word)[-MOST_VETOES:]
            return known.model_copy(
                update={"pinned": _without(known.pinned, event.word), "vetoed": vetoed}
            )


def _given_up(other: Correction, stated: Correction) -> Correction:
    """The other side without the words that now stand on this one."""
    edited = other.edited
    if edited is not None:
        edited = tuple(one for one in edited if one.word.casefold() not in stated.stated)
    pinned = tuple(word for word in other.pinned if word.casefold() not in stated.stated)
    return other.model_copy(update={"edited": edited, "pinned": pinned})


def _without(words: Sequence[str], word: str) -> tuple[str, ...]:
    return tuple(one for one in words if one.casefold() != word.casefold())
