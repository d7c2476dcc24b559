"""An action of an operator, for the audit log."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shared.domain.ids import derived_id
from shared.events.types.base import UserEvent
from shared.events.types.fields import Identifier, Text

Outcome = Literal["begun", "done", "refused", "failed"]


class OperatorAction(UserEvent):
    """`operator.action.v1`: one step of an operator's action.

    The event is not about a user of an app: `user_id`, the record key, is the operator's name. An
    action is published when it begins and again when it ends, under the same `action_id`.
    """

    event_type: ClassVar[str] = "operator.action.v1"

    action_id: Identifier
    action: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}(\.[a-z_]{1,40})?$")]
    """The kind of action: `model.promote`, `dead_letter.replay`, `user.erase`."""
    target: Identifier | None = None
    """The object of the action. A user of an app appears as `user_target`, a pseudonym."""
    outcome: Outcome
    detail: Text | None = None
    details: Annotated[dict[str, str], Field(max_length=16)] = Field(default_factory=dict)


def user_target(*, tenant: str, user_id: str) -> str:
    """The pseudonym of a user in the audit log: stable, and without meaning after an erasure."""
    return f"user:{derived_id('audited-user', tenant, user_id)}"
