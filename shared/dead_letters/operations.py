"""What an operator can do with dead letters, as functions to be awaited.

Each opens what it needs and closes it again, in a thread: nothing is held between calls.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.dead_letters import reading
from shared.dead_letters.dead_letter import Letter, Wanted
from shared.dead_letters.reading import PAGE, Page
from shared.dead_letters.record_cache import Known
from shared.dead_letters.resolve import (
    AlreadyResolved,
    CannotReplay,
    Who,
    ensure_open,
    going_back,
    resolution_of,
)
from shared.domain.clock import Clock, system_clock
from shared.events import DeadLetterResolved
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing
from shared.messaging.client.producer import send_once
from shared.messaging.client.settings import MessagingSettings


@dataclass(frozen=True)
class Outcome:
    """What became of some letters: what was said of those dealt with, and why others were not."""

    resolved: list[DeadLetterResolved] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


async def letters(
    settings: MessagingSettings,
    wanted: Wanted,
    *,
    after: str | None = None,
    most: int = PAGE,
    known: Known | None = None,
) -> Page:
    """A page of dead letters, the newest first; raises `Unavailable` and `BadCursor`."""
    return await asyncio.to_thread(
        reading.page, settings, wanted, after=after, most=most, known=known
    )


async def letter(
    settings: MessagingSettings, letter_id: str, *, known: Known | None = None
) -> Letter:
    """One dead letter, resolved or not; raises `Unavailable` and `NoSuchLetter`."""
    return await asyncio.to_thread(reading.one, settings, letter_id, known=known)


async def several(
    settings: MessagingSettings, letter_ids: Sequence[str], *, known: Known | None = None
) -> tuple[Letter, ...]:
    """Some dead letters, resolved or not; raises `Unavailable` and `NoSuchLetter`."""
    return await asyncio.to_thread(reading.several, settings, letter_ids, known=known)


async def totals(settings: MessagingSettings) -> dict[str, int]:
    """How many dead letters lie there, by the topic they came from; raises `Unavailable`."""
    return await asyncio.to_thread(reading.counts, settings)


async def replay(
    settings: MessagingSettings,
    letter_id: str,
    *,
    value: bytes | None = None,
    by: str | None = None,
    note: str | None = None,
    again: bool = False,
    anyway: bool = False,
    clock: Clock = system_clock,
) -> DeadLetterResolved:
    """Send a letter back to its topic, once, as it came or with a mended value.

    It keeps its event id, so a replay whose process dies before it is noted, and which is then
    done again, has its effect once. `again` replays one that was dealt with, `anyway` one that
    cannot be read. Raises `Unavailable`, `NoSuchLetter`, `AlreadyResolved` and `CannotReplay`.
    """
    found = await letter(settings, letter_id)
    if not again:
        ensure_open(found)
    back = going_back(found, value=value, anyway=anyway)
    said = resolution_of(found, "replayed", Who(clock(), by, note), fixed=value is not None)
    await _send(settings, [back], [said])
    return said


async def drop(
    settings: MessagingSettings,
    letter_id: str,
    *,
    by: str | None = None,
    note: str | None = None,
    clock: Clock = system_clock,
) -> DeadLetterResolved:
    """Let a letter be: it is not open any more, and stays until its topic's retention ends.

    Raises `Unavailable`, `NoSuchLetter` and `AlreadyResolved`.
    """
    found = await letter(settings, letter_id)
    ensure_open(found)
    said = resolution_of(found, "dropped", Who(clock(), by, note))
    await _send(settings, [], [said])
    return said


async def replay_all(
    settings: MessagingSettings,
    some: Sequence[Letter],
    *,
    by: str | None = None,
    note: str | None = None,
    anyway: bool = False,
    clock: Clock = system_clock,
) -> Outcome:
    """Send letters of a page back, the oldest first, those that can be; raises `Unavailable`."""
    who = Who(clock(), by, note)
    outcome = Outcome()
    back = []
    for one in sorted(some, key=lambda one: one.record.timestamp_ms):
        try:
            ensure_open(one)
            back.append(going_back(one, anyway=anyway))
        except (AlreadyResolved, CannotReplay) as error:
            outcome.refused[one.id] = str(error)
        else:
            outcome.resolved.append(resolution_of(one, "replayed", who))
    await _send(settings, back, outcome.resolved)
    return outcome


async def drop_all(
    settings: MessagingSettings,
    some: Sequence[Letter],
    *,
    by: str | None = None,
    note: str | None = None,
    clock: Clock = system_clock,
) -> Outcome:
    """Let letters of a page be, those that are open; raises `Unavailable`."""
    who = Who(clock(), by, note)
    still_open = [one for one in some if one.resolved is None]
    outcome = Outcome([resolution_of(one, "dropped", who) for one in still_open])
    await _send(settings, [], outcome.resolved)
    return outcome


async def _send(
    settings: MessagingSettings, back: Sequence[Outgoing], said: Sequence[DeadLetterResolved]
) -> None:
    """First the records, then the notes of them: what was noted has certainly been sent."""
    for records in (back, [encode(event) for event in said]):
        if records:
            await asyncio.to_thread(send_once, settings, *records)
