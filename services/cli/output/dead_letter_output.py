"""Deal with many dead letters at once, and show them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.table import Table

from services.cli.output.console import fail, out, print_json, wrong_use
from shared import dead_letters as desk
from shared.dead_letters import (
    AlreadyResolved,
    InvalidCursor,
    CannotReplay,
    DeadLetter,
    DeadLetterNotFound,
    Outcome,
    DeadLetterFilter,
)
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.events import DeadLetterResolved
from shared.messaging.client.settings import MessagingSettings

AGO = {"m": "minutes", "h": "hours", "d": "days"}


def one_by_one(ids: list[str], act: Callable[[str], Awaitable[DeadLetterResolved]]) -> Outcome:
    """One that cannot be dealt with does not keep the others from it."""
    outcome = Outcome()

    async def all_of_them() -> None:
        for one in ids:
            try:
                outcome.resolved.append(await act(one))
            except (DeadLetterNotFound, AlreadyResolved, CannotReplay) as error:
                outcome.refused[one] = str(error)

    run(all_of_them())
    return outcome


def page_by_page(
    settings: MessagingSettings,
    wanted: DeadLetterFilter,
    act: Callable[[tuple[DeadLetter, ...]], Awaitable[Outcome]],
) -> Outcome:
    """Pages go back in time, so what fails anew meanwhile is not met again."""
    outcome = Outcome()

    async def all_of_them() -> None:
        after: str | None = None
        while True:
            page = await desk.find_dead_letters(settings, wanted, after=after, limit=500)
            done = await act(page.letters)
            outcome.resolved.extend(done.resolved)
            outcome.refused.update(done.refused)
            after = page.next
            if after is None:
                return

    run(all_of_them())
    return outcome


def tell(outcome: Outcome, as_json: bool) -> None:
    """What became of the letters; exit 1 when some could not be dealt with."""
    if as_json:
        told = [event.model_dump(mode="json") for event in outcome.resolved]
        print_json({"resolved": told, "refused": outcome.refused})
    else:
        for event in outcome.resolved:
            out.print(f"{event.letter}: {event.resolution}", markup=False)
        if not outcome.resolved and not outcome.refused:
            out.print("no dead letters")
    if outcome.refused:
        fail("; ".join(outcome.refused.values()))


def moment(text: str | None) -> datetime | None:
    """A moment as people write it: a time ago, or RFC 3339; UTC unless it says otherwise."""
    if text is None:
        return None
    ago = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if ago:
        return system_clock() - timedelta(**{AGO[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        wrong_use(f"{text!r} is no moment; write 30m, 2h, 3d or 2026-01-31T09:30:00Z")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def run(action: Any) -> Any:
    """Await what the desk does; its failures end the command with a sentence."""
    try:
        return asyncio.run(action)
    except Unavailable as error:
        fail(error.detail)
    except InvalidCursor as error:
        wrong_use(str(error))
    except DeadLetterNotFound as error:
        fail(str(error))


def table(letters: tuple[DeadLetter, ...]) -> Table:
    """One line a letter."""
    lines = Table("id", "set aside", "reason", "what", "state")
    for one in letters:
        detail = one.detail if len(one.detail) <= 80 else f"{one.detail[:79]}…"
        when = f"{one.set_aside_at:%m-%d %H:%M:%S}"
        lines.add_row(one.id, when, one.reason, detail.replace("[", r"\["), state(one))
    return lines


def state(letter: DeadLetter) -> str:
    """Whether it is open, else what was done and when."""
    if letter.resolved is None:
        return "open"
    done = letter.resolved
    return f"{done.resolution}{' mended' if done.fixed else ''} {done.occurred_at:%m-%d %H:%M}"
