"""Print dead letters, and replay or drop many of them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from services.cli.output.console import fail, print_json, print_line, wrong_use
from services.cli.output.listing import Column, Listing
from services.cli.output.wrapping import Id
from services.cli.program.interruption import interruptible
from shared.dead_letters import (
    AlreadyResolved,
    CannotReplay,
    DeadLetter,
    DeadLetterFilter,
    DeadLetterNotFound,
    InvalidCursor,
    Outcome,
    find_dead_letters,
)
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.domain.times.rfc3339 import parse_rfc3339
from shared.domain.times.time_bounds import bounded
from shared.events import DeadLetterResolved
from shared.messaging.client.settings import MessagingSettings

TIME_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
PAGE_SIZE = 500
MAX_DETAIL_CHARACTERS = 160
"""`dlq show` prints the whole detail."""


STILL_OPEN = "`preferstream dlq list` shows which dead letters are still open"


def resolve_ids(ids: list[str], act: Callable[[str], Awaitable[DeadLetterResolved]]) -> Outcome:
    """Apply `act` to each id; a failure for one id does not stop the others."""
    outcome = Outcome()

    async def resolve_all() -> None:
        for letter_id in ids:
            try:
                outcome.resolved.append(await act(letter_id))
            except (DeadLetterNotFound, AlreadyResolved, CannotReplay) as error:
                outcome.refused[letter_id] = str(error)

    with interruptible(lambda: f"{len(outcome.resolved)} of {len(ids)} are done; {STILL_OPEN}"):
        run_or_fail(resolve_all())
    return outcome


def resolve_matching(
    settings: MessagingSettings,
    dead_letter_filter: DeadLetterFilter,
    act: Callable[[tuple[DeadLetter, ...]], Awaitable[Outcome]],
) -> Outcome:
    """Apply `act` to all matching dead letters, page by page.

    Pages go back in time, so a dead letter that fails again meanwhile is not read twice.
    """
    outcome = Outcome()

    async def resolve_all() -> None:
        after: str | None = None
        while True:
            page = await find_dead_letters(
                settings, dead_letter_filter, after=after, limit=PAGE_SIZE
            )
            page_outcome = await act(page.letters)
            outcome.resolved.extend(page_outcome.resolved)
            outcome.refused.update(page_outcome.refused)
            after = page.next
            if after is None:
                return

    with interruptible(lambda: f"at least {len(outcome.resolved)} are done; {STILL_OPEN}"):
        run_or_fail(resolve_all())
    return outcome


def print_outcome(outcome: Outcome, as_json: bool) -> None:
    """Print what was replayed or dropped; exit code 1 when some dead letters were refused."""
    if as_json:
        resolved = [event.model_dump(mode="json") for event in outcome.resolved]
        print_json({"resolved": resolved, "refused": outcome.refused})
    else:
        for event in outcome.resolved:
            print_line(Id(event.letter), f": {event.resolution}")
        if not outcome.resolved and not outcome.refused:
            print_line("no dead letters")
    if outcome.refused:
        fail("; ".join(outcome.refused.values()))


def parse_time(text: str | None) -> datetime | None:
    """A time from `30m`, `2h`, `3d` (ago) or RFC 3339; UTC when it names no time zone."""
    if text is None:
        return None
    ago = re.fullmatch(r"(\d{1,6})([mhd])", text)
    try:
        if ago:
            return system_clock() - timedelta(**{TIME_UNITS[ago[2]]: int(ago[1])})
        return time_from(text)
    except (ValueError, OverflowError) as error:
        wrong_use(f"{text!r} is not a time: {error}; write 30m, 2h, 3d or 2026-01-31T09:30:00Z")


def time_from(text: str) -> datetime:
    """A time from RFC 3339, or from a date or a time without a zone, which is UTC."""
    with suppress(ValueError):
        return parse_rfc3339(text)
    time = datetime.fromisoformat(text)
    return bounded(time if time.tzinfo else time.replace(tzinfo=UTC), now=None)


def run_or_fail(action: Any) -> Any:
    """Result of an awaitable; known errors end the command with their message."""
    try:
        return asyncio.run(action)
    except Unavailable as error:
        fail(error.detail)
    except InvalidCursor as error:
        wrong_use(str(error))
    except DeadLetterNotFound as error:
        fail(str(error))


def letters_table(letters: tuple[DeadLetter, ...]) -> Listing:
    """One row per dead letter."""
    columns = (
        Column("id", "id"), Column("rejected at"), Column("reason"),
        Column("detail", "text", max_characters=MAX_DETAIL_CHARACTERS), Column("state"),
    )  # fmt: skip
    rows = [
        (
            letter.id,
            f"{letter.set_aside_at:%m-%d %H:%M:%S}",
            letter.reason,
            letter.detail,
            state(letter),
        )
        for letter in letters
    ]
    return Listing(columns, rows)


def state(letter: DeadLetter) -> str:
    """`open`, or what was done and when."""
    if letter.resolved is None:
        return "open"
    resolved = letter.resolved
    fixed = " with a fixed value" if resolved.fixed else ""
    return f"{resolved.resolution}{fixed} {resolved.occurred_at:%m-%d %H:%M}"
