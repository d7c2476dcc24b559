"""Write down what operators do, before and after they do it."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from services.ops.auth.roles import Principal
from services.ops.http.problems import problem_of
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.events import DEFAULT_TENANT, OperatorAction
from shared.events.types.base import Event
from shared.events.types.operator import Outcome

log = logging.getLogger(__name__)
MOST_CHARACTERS: Final = 1_000


@dataclass
class Entry:
    """One action as it goes on; what is put into `details` stands in its last event."""

    action_id: str
    details: dict[str, str] = field(default_factory=dict)


class Audit:
    """The audit log: events of `operator.action.v1`."""

    def __init__(self, send: Callable[[Event], Awaitable[None]], clock: Clock) -> None:
        self._send = send
        self._clock = clock

    @asynccontextmanager
    async def action(
        self,
        who: Principal,
        action: str,
        *,
        target: str | None = None,
        tenant: str = DEFAULT_TENANT,
        detail: str | None = None,
    ) -> AsyncIterator[Entry]:
        """Do an action inside: told when it begins, and how it ended.

        What cannot be written down is not done: raises `Unavailable` before it begins. A `target`
        that is a person is named by `shared.events.types.operator.person_target`.
        """
        entry = Entry(str(uuid4()))

        def event(outcome: Outcome, told: str | None) -> OperatorAction:
            return OperatorAction(
                event_id=uuid4(),
                occurred_at=self._clock(),
                user_id=who.name,
                tenant=tenant,
                action_id=entry.action_id,
                action=action,
                target=target,
                outcome=outcome,
                detail=told,
                details=entry.details,
            )

        await self._send(event("begun", detail))
        try:
            yield entry
        except Exception as error:
            problem = problem_of(error)
            outcome: Outcome = "failed" if problem.status >= 500 else "refused"
            await self._try_to_tell(event(outcome, problem.detail[:MOST_CHARACTERS]))
            raise
        await self._try_to_tell(event("done", detail))

    async def signed_in(self, who: Principal) -> None:
        """Somebody came in; an audit log that is away keeps nobody out."""
        await self._try_to_tell(
            OperatorAction(
                event_id=uuid4(), occurred_at=self._clock(), user_id=who.name,
                action_id=str(uuid4()), action="session.begin", outcome="done",
            )
        )  # fmt: skip

    async def _try_to_tell(self, event: OperatorAction) -> None:
        # It has happened; all that can be done without Kafka is to log it.
        try:
            await self._send(event)
        except Unavailable as error:
            log.warning("not in the audit log (%s): %s", error, event.model_dump_json())
