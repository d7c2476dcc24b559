"""A promotion: which model version to serve, or to try as a challenger."""

from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from shared.events.types.base import UserEvent
from shared.events.types.fields import Identifier, Text

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"


class ModelPromoted(UserEvent):
    """`model.promoted.v1` (compacted by model name): serve this adapter from now on.

    The event is not about a user: `user_id`, the record key, holds the model's name.
    """

    event_type: ClassVar[str] = "model.promoted.v1"

    model_version: Identifier
    adapter_uri: Identifier
    adapter_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    prompt_version: Identifier
    metrics: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict)
    previous_version: Identifier | None = None
    reason: Text
    variant: Annotated[Identifier, Field(exclude_if=lambda value: value == CHAMPION)] = CHAMPION
    """`challenger` for a canary or shadow model; its record key is then `<name>#challenger`."""
    canary_share: Annotated[float, Field(ge=0, le=1, exclude_if=lambda value: value == 0)] = 0.0
    """Share of users whose feeds come from the challenger; with both shares 0 it is withdrawn."""
    shadow_share: Annotated[float, Field(ge=0, le=1, exclude_if=lambda value: value == 0)] = 0.0
    """Share of the champion's requests that the challenger scores as well, without any effect."""
