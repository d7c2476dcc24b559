"""Somebody who runs the system did something to it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shared.domain.ids import derived_id
from shared.events.types.base import Event
from shared.events.types.fields import Identifier, Text

Outcome = Literal["begun", "done", "refused", "failed"]


class OperatorAction(Event):
    """`operator.action.v1`: one step of an action of somebody who runs the system.

    It is about no person of an app: `user_id` carries the operator's name, which is the record's
    key. An action is told when it begins and again when it has ended, by the same `action_id`.
    """

    event_type: ClassVar[str] = "operator.action.v1"

    action_id: Identifier
    action: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}(\.[a-z_]{1,40})?$")]
    """What was done: `model.promote`, `dead_letter.replay`, `user.erase`."""
    target: Identifier | None = None
    """To what. A person of an app stands here as `person_target`, which names nobody."""
    outcome: Outcome
    detail: Text | None = None
    details: Annotated[dict[str, str], Field(max_length=16)] = Field(default_factory=dict)


def person_target(*, tenant: str, user_id: str) -> str:
    """How the audit log names a person: the same each time, and nothing once they are erased."""
    return f"user:{derived_id('audited-user', tenant, user_id)}"
