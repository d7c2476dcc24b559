"""Record operator actions in the audit log, before and after each action."""

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
MAX_CHARACTERS: Final = 1_000


@dataclass
class AuditEntry:
    """One action in progress. The event of its outcome carries `details`."""

    action_id: str
    details: dict[str, str] = field(default_factory=dict)


class Audit:
    """The audit log: events of the topic `operator.action.v1`."""

    def __init__(self, send: Callable[[Event], Awaitable[None]], clock: Clock) -> None:
        self._send = send
        self._clock = clock

    @asynccontextmanager
    async def action(
        self,
        principal: Principal,
        action: str,
        *,
        target: str | None = None,
        tenant: str = DEFAULT_TENANT,
        detail: str | None = None,
    ) -> AsyncIterator[AuditEntry]:
        """Run an action in the block, and record its start and its outcome.

        Raises `Unavailable` before the block if the log cannot be written: an action that cannot
        be recorded is not done. Use `shared.events.types.operator.user_target` for a `target`
        that is a user.
        """
        entry = AuditEntry(str(uuid4()))

        def event(outcome: Outcome, detail: str | None) -> OperatorAction:
            return OperatorAction(
                event_id=uuid4(),
                occurred_at=self._clock(),
                user_id=principal.name,
                tenant=tenant,
                action_id=entry.action_id,
                action=action,
                target=target,
                outcome=outcome,
                detail=detail,
                details=entry.details,
            )

        await self._send(event("begun", detail))
        try:
            yield entry
        except Exception as error:
            problem = problem_of(error)
            outcome: Outcome = "failed" if problem.status >= 500 else "refused"
            await self._send_or_log(event(outcome, problem.detail[:MAX_CHARACTERS]))
            raise
        await self._send_or_log(event("done", detail))

    async def signed_in(self, principal: Principal) -> None:
        """Record a sign-in. It also succeeds while the audit log is unavailable."""
        await self._send_or_log(
            OperatorAction(
                event_id=uuid4(), occurred_at=self._clock(), user_id=principal.name,
                action_id=str(uuid4()), action="session.begin", outcome="done",
            )
        )  # fmt: skip

    async def _send_or_log(self, event: OperatorAction) -> None:
        # The action is done already. Without Kafka, only the process log can record it.
        try:
            await self._send(event)
        except Unavailable as error:
            log.warning("missing in the audit log (%s): %s", error, event.model_dump_json())
