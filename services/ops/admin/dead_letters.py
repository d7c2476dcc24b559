"""Dead letter operations for the dashboard. The command line uses the same functions."""

from collections.abc import Sequence
from typing import Protocol

from shared import dead_letters
from shared.dead_letters import DeadLetter, DeadLetterCache, DeadLetterFilter, Outcome, Page
from shared.events import DeadLetterResolved
from shared.messaging.client.settings import MessagingSettings


class DeadLetterAdmin(Protocol):
    """What the dead letter pages need. Every method raises `Unavailable`."""

    async def letters(self, wanted: DeadLetterFilter, *, after: str | None) -> Page:
        """Return one page, newest first. Raises `InvalidCursor`."""
        ...

    async def letter(self, letter_id: str) -> DeadLetter:
        """Return one dead letter. Raises `DeadLetterNotFound`."""
        ...

    async def replay(
        self, letter_id: str, *, value: bytes | None, by: str, note: str | None
    ) -> DeadLetterResolved:
        """Send it back as it is, or with `value`.

        Raises `DeadLetterNotFound`, `AlreadyResolved` and `CannotReplay`.
        """
        ...

    async def drop(self, letter_id: str, *, by: str, note: str | None) -> DeadLetterResolved:
        """Close it without sending it back. Raises `DeadLetterNotFound` and `AlreadyResolved`."""
        ...

    async def replay_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        """Send back all that can be sent unchanged. Raises `DeadLetterNotFound`."""
        ...

    async def drop_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        """Close all that are open. Raises `DeadLetterNotFound`."""
        ...


class KafkaDeadLetterAdmin:
    """A `DeadLetterAdmin` on Kafka. It holds no connection and caches the records it has read."""

    def __init__(self, settings: MessagingSettings) -> None:
        self._settings = settings
        self._cache = DeadLetterCache()

    async def letters(self, wanted: DeadLetterFilter, *, after: str | None) -> Page:
        return await dead_letters.find_dead_letters(
            self._settings, wanted, after=after, cache=self._cache
        )

    async def letter(self, letter_id: str) -> DeadLetter:
        return await dead_letters.get_dead_letter(self._settings, letter_id, cache=self._cache)

    async def replay(
        self, letter_id: str, *, value: bytes | None, by: str, note: str | None
    ) -> DeadLetterResolved:
        return await dead_letters.replay(self._settings, letter_id, value=value, by=by, note=note)

    async def drop(self, letter_id: str, *, by: str, note: str | None) -> DeadLetterResolved:
        return await dead_letters.drop(self._settings, letter_id, by=by, note=note)

    async def replay_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        letters = await dead_letters.get_dead_letters(self._settings, letter_ids, cache=self._cache)
        return await dead_letters.replay_all(self._settings, letters, by=by, note=note)

    async def drop_all(self, letter_ids: Sequence[str], *, by: str, note: str | None) -> Outcome:
        letters = await dead_letters.get_dead_letters(self._settings, letter_ids, cache=self._cache)
        return await dead_letters.drop_all(self._settings, letters, by=by, note=note)
