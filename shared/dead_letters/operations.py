"""The operations on dead letters as coroutines.

Each call opens its connections in a thread and closes them at its end.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.dead_letters import queries
from shared.dead_letters.dead_letter import DeadLetter, DeadLetterFilter
from shared.dead_letters.queries import PAGE, Page
from shared.dead_letters.record_cache import DeadLetterCache
from shared.dead_letters.replay_rules import (
    AlreadyResolved,
    CannotReplay,
    ResolutionNote,
    ensure_open,
    replay_record,
    resolution_event,
)
from shared.domain.clock import Clock, system_clock
from shared.events import DeadLetterResolved
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing
from shared.messaging.client.producer import send_once
from shared.messaging.client.settings import MessagingSettings


@dataclass(frozen=True)
class Outcome:
    """The result of an operation on several dead letters."""

    resolved: list[DeadLetterResolved] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """By id, why a dead letter was left as it is."""


async def find_dead_letters(
    settings: MessagingSettings,
    wanted: DeadLetterFilter,
    *,
    after: str | None = None,
    limit: int = PAGE,
    cache: DeadLetterCache | None = None,
) -> Page:
    """A page of dead letters, newest first; raises `Unavailable` and `InvalidCursor`."""
    return await asyncio.to_thread(
        queries.find, settings, wanted, after=after, limit=limit, cache=cache
    )


async def get_dead_letter(
    settings: MessagingSettings, letter_id: str, *, cache: DeadLetterCache | None = None
) -> DeadLetter:
    """One dead letter, resolved or not; raises `Unavailable` and `DeadLetterNotFound`."""
    (letter,) = await get_dead_letters(settings, [letter_id], cache=cache)
    return letter


async def get_dead_letters(
    settings: MessagingSettings,
    letter_ids: Sequence[str],
    *,
    cache: DeadLetterCache | None = None,
) -> tuple[DeadLetter, ...]:
    """Several dead letters, resolved or not; raises `Unavailable` and `DeadLetterNotFound`."""
    return await asyncio.to_thread(queries.get, settings, letter_ids, cache=cache)


async def replay(
    settings: MessagingSettings,
    letter_id: str,
    *,
    value: bytes | None = None,
    by: str | None = None,
    note: str | None = None,
    again: bool = False,
    force: bool = False,
    clock: Clock = system_clock,
) -> DeadLetterResolved:
    """Send a dead letter back to its topic, once, unchanged or with a corrected value.

    The record keeps its event id: if the process dies between the replay and its resolution event,
    a second replay has no further effect. `again` replays a dead letter that is resolved already;
    `force` replays one that cannot be decoded. Raises `Unavailable`, `DeadLetterNotFound`,
    `AlreadyResolved` and `CannotReplay`.
    """
    letter = await get_dead_letter(settings, letter_id)
    if not again:
        ensure_open(letter)
    record = replay_record(letter, value=value, force=force)
    event = resolution_event(
        letter, "replayed", ResolutionNote(clock(), by, note), fixed=value is not None
    )
    await _send(settings, [record], [event])
    return event


async def drop(
    settings: MessagingSettings,
    letter_id: str,
    *,
    by: str | None = None,
    note: str | None = None,
    clock: Clock = system_clock,
) -> DeadLetterResolved:
    """Close a dead letter without a replay; the record stays until its topic's retention ends.

    Raises `Unavailable`, `DeadLetterNotFound` and `AlreadyResolved`.
    """
    letter = await get_dead_letter(settings, letter_id)
    ensure_open(letter)
    event = resolution_event(letter, "dropped", ResolutionNote(clock(), by, note))
    await _send(settings, [], [event])
    return event


async def replay_all(
    settings: MessagingSettings,
    letters: Sequence[DeadLetter],
    *,
    by: str | None = None,
    note: str | None = None,
    force: bool = False,
    clock: Clock = system_clock,
) -> Outcome:
    """Send dead letters back, oldest first, except those that cannot be; raises `Unavailable`."""
    resolution_note = ResolutionNote(clock(), by, note)
    outcome = Outcome()
    records = []
    for letter in sorted(letters, key=lambda letter: letter.record.timestamp_ms):
        try:
            ensure_open(letter)
            records.append(replay_record(letter, force=force))
        except (AlreadyResolved, CannotReplay) as error:
            outcome.refused[letter.id] = str(error)
        else:
            outcome.resolved.append(resolution_event(letter, "replayed", resolution_note))
    await _send(settings, records, outcome.resolved)
    return outcome


async def drop_all(
    settings: MessagingSettings,
    letters: Sequence[DeadLetter],
    *,
    by: str | None = None,
    note: str | None = None,
    clock: Clock = system_clock,
) -> Outcome:
    """Close the dead letters that are open, without a replay; raises `Unavailable`."""
    resolution_note = ResolutionNote(clock(), by, note)
    still_open = [letter for letter in letters if letter.resolved is None]
    outcome = Outcome(
        [resolution_event(letter, "dropped", resolution_note) for letter in still_open]
    )
    await _send(settings, [], outcome.resolved)
    return outcome


async def _send(
    settings: MessagingSettings,
    replayed: Sequence[Outgoing],
    resolutions: Sequence[DeadLetterResolved],
) -> None:
    """Send the records first: a resolution event then proves that its record was sent."""
    for records in (replayed, [encode(event) for event in resolutions]):
        if records:
            await asyncio.to_thread(send_once, settings, *records)
