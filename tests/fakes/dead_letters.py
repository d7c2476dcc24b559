"""A fake store of dead letters: a test adds them, and pages have two entries."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from shared.dead_letters import (
    AlreadyResolved,
    CannotReplay,
    DeadLetter,
    DeadLetterFilter,
    DeadLetterNotFound,
    InvalidCursor,
    Outcome,
    Page,
)
from shared.dead_letters.replay_rules import (
    ResolutionNote,
    ensure_open,
    replay_record,
    resolution_event,
)
from shared.events import DeadLetterResolved
from shared.events.types.dead_letter import Resolution
from shared.events.wire.record import Outgoing, Record

PAGE = 2
AT = datetime(2026, 1, 31, tzinfo=UTC)


class FakeDeadLetterAdmin:
    """Dead letters in memory; replay and drop follow the real rules."""

    def __init__(self) -> None:
        self.by_id: dict[str, DeadLetter] = {}
        self.sent: list[Outgoing] = []

    def put(self, value: bytes | None, *, error: str, detail: str) -> str:
        """Add the dead letter of a feedback event; returns its id."""
        fields = {"x-error": error, "x-detail": detail, "x-attempts": "1"}
        headers = tuple((name, text.encode()) for name, text in fields.items())
        number = len(self.by_id)
        record = Record("feedback.v1.dlq", 0, number, 1_760_000_000_000, b"ada", value, headers)
        self.by_id[record.source] = DeadLetter(record)
        return record.source

    async def letters(self, wanted: DeadLetterFilter, *, after: str | None) -> Page:
        if after is not None and not after.isdecimal():
            raise InvalidCursor(f"{after} is not a cursor")
        start = int(after or 0)
        matching = [letter for letter in reversed(self.by_id.values()) if wanted.matches(letter)]
        cursor = str(start + PAGE) if len(matching) > start + PAGE else None
        return Page(tuple(matching[start : start + PAGE]), cursor, len(self.by_id))

    async def letter(self, letter_id: str) -> DeadLetter:
        if letter_id not in self.by_id:
            raise DeadLetterNotFound(f"there is no dead letter {letter_id}")
        return self.by_id[letter_id]

    async def replay(
        self, letter_id: str, *, value: bytes | None, by: str, note: str | None
    ) -> DeadLetterResolved:
        letter = await self.letter(letter_id)
        ensure_open(letter)
        self.sent.append(replay_record(letter, value=value))
        return self._resolve(
            letter, "replayed", ResolutionNote(AT, by, note), fixed=value is not None
        )

    async def drop(self, letter_id: str, *, by: str, note: str | None) -> DeadLetterResolved:
        letter = await self.letter(letter_id)
        ensure_open(letter)
        return self._resolve(letter, "dropped", ResolutionNote(AT, by, note), fixed=False)

    async def replay_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        return await self._each(
            letter_ids, lambda letter_id: self.replay(letter_id, value=None, by=by, note=note)
        )

    async def drop_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        return await self._each(
            letter_ids, lambda letter_id: self.drop(letter_id, by=by, note=note)
        )

    async def _each(
        self, letter_ids: Sequence[str], act: Callable[[str], Awaitable[DeadLetterResolved]]
    ) -> Outcome:
        outcome = Outcome()
        for letter_id in letter_ids:
            try:
                outcome.resolved.append(await act(letter_id))
            except (AlreadyResolved, CannotReplay) as error:
                outcome.refused[letter_id] = str(error)
        return outcome

    def _resolve(
        self, letter: DeadLetter, resolution: Resolution, note: ResolutionNote, *, fixed: bool
    ) -> DeadLetterResolved:
        event = resolution_event(letter, resolution, note, fixed=fixed)
        self.by_id[letter.id] = DeadLetter(letter.record, event)
        return event
