"""Apply `profile.corrected.v1` events: pins, vetoes, edits and resets of a user's words."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.profile.profile_publisher import ProfilePublisher
from shared.domain.clock import Clock
from shared.domain.corrections import MAX_VETOES, SIDES, Correction, SideName
from shared.domain.subjects.element import PROFILE_ELEMENTS, ProfileElement
from shared.domain.taste import ELEMENTS, MAX_WORDS, Element, Taste
from shared.domain.user import User
from shared.domain.word_forms import canonical
from shared.embedding.near_synonyms import near_synonyms
from shared.embedding.protocol import Embedder
from shared.events import ProfileCorrected
from shared.store.protocol import ProfileStore, StoredCorrections, StoredProfile

CorrectionKey = tuple[SideName, ProfileElement]
"""A user has one correction for each side and element."""


class Model(Protocol):
    """Has a version."""

    @property
    def model_version(self) -> str: ...


class Models(Protocol):
    """Returns the current champion."""

    @property
    def champion(self) -> Model: ...


class CorrectionWriter:
    """The only writer of stored corrections."""

    def __init__(
        self,
        profiles: ProfileStore,
        publisher: ProfilePublisher,
        models: Models,
        *,
        clock: Clock,
        profile_deduplication_size: int,
        embedder: Embedder | None = None,
    ) -> None:
        self._embedder = embedder
        self._profiles = profiles
        self._publisher = publisher
        self._models = models
        self._clock = clock
        self._deduplication_size = profile_deduplication_size

    async def apply(self, event: ProfileCorrected) -> None:
        """Return when the correction is stored and published; a redelivery only publishes."""
        stored = await self._profiles.get(tenant=event.tenant, user_id=event.user_id)
        known = stored.corrections if stored else None
        applied = known.applied_event_ids if known else ()
        if str(event.event_id) not in applied:
            entries = with_event(known.entries if known else (), event)
            await self._profiles.correct(
                StoredCorrections(
                    tenant=event.tenant,
                    user_id=event.user_id,
                    version=(known.version if known else 0) + 1,
                    entries=entries,
                    synonyms=await self._synonyms(stored, entries),
                    applied_event_ids=(*applied, str(event.event_id))[-self._deduplication_size :],
                    model_version=self._models.champion.model_version,
                    updated_at=self._clock(),
                )
            )
        await self._publisher.publish(User(event.tenant, event.user_id))

    async def _synonyms(
        self, stored: StoredProfile | None, entries: Sequence[Correction]
    ) -> Mapping[Element, Mapping[str, str]]:
        """Near-synonyms among the predicted and the corrected words."""
        if self._embedder is None:
            return {}
        words: dict[Element, list[str]] = {element: [] for element in ELEMENTS}
        predicted = stored.predicted if stored else Taste()
        for side in (predicted.preference, predicted.non_preference):
            for element, of_element in side.items():
                words[element] += [word.word for word in of_element]
        for entry in entries:
            if entry.element in words:
                words[Element(entry.element)] += entry.words
        return (await near_synonyms(words, self._embedder)).words


def with_event(
    corrections: Sequence[Correction], event: ProfileCorrected
) -> tuple[Correction, ...]:
    """The corrections after one more event; the latest event about a word decides."""
    by_key: dict[CorrectionKey, Correction] = {(c.side, c.element): c for c in corrections}
    for key in _keys(event):
        side, element = key
        known = by_key.get(key, Correction(side=side, element=element))
        by_key[key] = _changed(known, event)
        if event.action in ("pin", "edit"):
            other = ("non_preference" if side == "preference" else "preference", element)
            if other in by_key:
                by_key[other] = _without_stated(by_key[other], by_key[key])
    in_order = (by_key.get((side, element)) for side in SIDES for element in PROFILE_ELEMENTS)
    return tuple(c for c in in_order if c is not None and not c.is_empty)


def _keys(event: ProfileCorrected) -> list[CorrectionKey]:
    """The sides and elements that an event corrects."""
    both = event.action in ("veto", "reset")
    sides: tuple[SideName, ...] = (event.side,) if event.side else SIDES if both else SIDES[:1]
    elements = (event.element,) if event.element else PROFILE_ELEMENTS
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
            vetoed = (*_without(known.vetoed, event.word), event.word)[-MAX_VETOES:]
            return known.model_copy(
                update={"pinned": _without(known.pinned, event.word), "vetoed": vetoed}
            )


def _without_stated(other: Correction, correction: Correction) -> Correction:
    """The other side's correction without the words that are now stated on this side."""
    edited = other.edited
    if edited is not None:
        edited = tuple(e for e in edited if canonical(e.word) not in correction.stated)
    pinned = tuple(word for word in other.pinned if canonical(word) not in correction.stated)
    return other.model_copy(update={"edited": edited, "pinned": pinned})


def _without(words: Sequence[str], removed: str) -> tuple[str, ...]:
    return tuple(word for word in words if canonical(word) != canonical(removed))
