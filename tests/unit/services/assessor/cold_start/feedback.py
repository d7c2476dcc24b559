"""Feedback of users on images, for the tests of popularity."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.events import Feedback
from shared.events.types.feedback import Action
from tests.unit.services.assessor.users import NOW


def act(user_id: str, type: Action, image_id: str, *, minute: int = 0, **fields: Any) -> Feedback:
    at: datetime = NOW + timedelta(minutes=minute)
    return Feedback(
        event_id=uuid4(), occurred_at=at, user_id=user_id, type=type, image_id=image_id, **fields
    )
