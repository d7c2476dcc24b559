"""Be the desk of dead letters: letters that a test puts there, a page of two at a time."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from shared.dead_letters import (
    AlreadyResolved,
    BadCursor,
    CannotReplay,
    Letter,
    NoSuchLetter,
    Outcome,
    Page,
    Wanted,
)
from shared.dead_letters.resolve import Who, ensure_open, going_back, resolution_of
from shared.events import DeadLetterResolved
from shared.events.types.dead_letter import Resolution
from shared.events.wire.record import Outgoing, Record

PAGE = 2
AT = datetime(2026, 1, 31, tzinfo=UTC)


class FakeDesk:
    """A `Desk` whose decisions are the real ones."""

    def __init__(self) -> None:
        self.kept: dict[str, Letter] = {}
        self.sent: list[Outgoing] = []

    def put(self, value: bytes | None, *, error: str, detail: str) -> str:
        """Set a feedback event aside; its id."""
        told = {"x-error": error, "x-detail": detail, "x-attempts": "1"}
        headers = tuple((name, text.encode()) for name, text in told.items())
        number = len(self.kept)
        record = Record("feedback.v1.dlq", 0, number, 1_760_000_000_000, b"ada", value, headers)
        self.kept[record.source] = Letter(record)
        return record.source

    async def letters(self, wanted: Wanted, *, after: str | None) -> Page:
        if after is not None and not after.isdecimal():
            raise BadCursor(f"{after} is not where a page ended")
        start = int(after or 0)
        found = [one for one in reversed(self.kept.values()) if wanted.takes(one)]
        rest = str(start + PAGE) if len(found) > start + PAGE else None
        return Page(tuple(found[start : start + PAGE]), rest, len(self.kept))

    async def letter(self, letter_id: str) -> Letter:
        if letter_id not in self.kept:
            raise NoSuchLetter(f"there is no dead letter {letter_id}")
        return self.kept[letter_id]

    async def replay(
        self, letter_id: str, *, value: bytes | None, by: str, note: str | None
    ) -> DeadLetterResolved:
        letter = await self.letter(letter_id)
        ensure_open(letter)
        self.sent.append(going_back(letter, value=value))
        return self._resolve(letter, "replayed", Who(AT, by, note), fixed=value is not None)

    async def drop(self, letter_id: str, *, by: str, note: str | None) -> DeadLetterResolved:
        letter = await self.letter(letter_id)
        ensure_open(letter)
        return self._resolve(letter, "dropped", Who(AT, by, note), fixed=False)

    async def replay_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        return await self._each(
            letter_ids, lambda one: self.replay(one, value=None, by=by, note=note)
        )

    async def drop_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        return await self._each(letter_ids, lambda one: self.drop(one, by=by, note=note))

    async def _each(
        self, letter_ids: Sequence[str], act: Callable[[str], Awaitable[DeadLetterResolved]]
    ) -> Outcome:
        outcome = Outcome()
        for one in letter_ids:
            try:
                outcome.resolved.append(await act(one))
            except (AlreadyResolved, CannotReplay) as error:
                outcome.refused[one] = str(error)
        return outcome

    def _resolve(
        self, letter: Letter, resolution: Resolution, who: Who, *, fixed: bool
    ) -> DeadLetterResolved:
        said = resolution_of(letter, resolution, who, fixed=fixed)
        self.kept[letter.id] = Letter(letter.record, said)
        return said
