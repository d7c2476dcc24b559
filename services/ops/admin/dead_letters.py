"""Deal with dead letters for the dashboard: the desk that the command line works at, too."""

from collections.abc import Sequence
from typing import Protocol

from shared import dead_letters as desk
from shared.dead_letters import Known, Letter, Outcome, Page, Wanted
from shared.events import DeadLetterResolved
from shared.messaging.client.settings import MessagingSettings


class Desk(Protocol):
    """What the page needs; all of it raises `Unavailable`."""

    async def letters(self, wanted: Wanted, *, after: str | None) -> Page:
        """A page, the newest first; raises `BadCursor`."""
        ...

    async def letter(self, letter_id: str) -> Letter:
        """Raises `NoSuchLetter`."""
        ...

    async def replay(
        self, letter_id: str, *, value: bytes | None, by: str, note: str | None
    ) -> DeadLetterResolved:
        """Raises `NoSuchLetter`, `AlreadyResolved` and `CannotReplay`."""
        ...

    async def drop(self, letter_id: str, *, by: str, note: str | None) -> DeadLetterResolved:
        """Raises `NoSuchLetter` and `AlreadyResolved`."""
        ...

    async def replay_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        """Those that can be sent back as they came; raises `NoSuchLetter`."""
        ...

    async def drop_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        """Those that are open; raises `NoSuchLetter`."""
        ...


class KafkaDesk:
    """A `Desk` on a real Kafka; it holds no connection, and remembers what it has read."""

    def __init__(self, settings: MessagingSettings) -> None:
        self._settings = settings
        self._known = Known()

    async def letters(self, wanted: Wanted, *, after: str | None) -> Page:
        return await desk.letters(self._settings, wanted, after=after, known=self._known)

    async def letter(self, letter_id: str) -> Letter:
        return await desk.letter(self._settings, letter_id, known=self._known)

    async def replay(
        self, letter_id: str, *, value: bytes | None, by: str, note: str | None
    ) -> DeadLetterResolved:
        return await desk.replay(self._settings, letter_id, value=value, by=by, note=note)

    async def drop(self, letter_id: str, *, by: str, note: str | None) -> DeadLetterResolved:
        return await desk.drop(self._settings, letter_id, by=by, note=note)

    async def replay_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        some = await desk.several(self._settings, letter_ids, known=self._known)
        return await desk.replay_all(self._settings, some, by=by, note=note)

    async def drop_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        some = await desk.several(self._settings, letter_ids, known=self._known)
        return await desk.drop_all(self._settings, some, by=by, note=note)
