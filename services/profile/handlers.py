"""Which topic goes to which function of the profile service."""

from dataclasses import dataclass

from services.profile.corrections import Correcting
from services.profile.erasure import Erasing
from services.profile.feedback.impressions import Views
from services.profile.service import ProfileService
from shared.events import Feedback, ProfileCorrected, UserErase
from shared.events.topics import CORRECTIONS, ERASE, FEEDBACK
from shared.messaging.contract import Delivery
from shared.messaging.service import KafkaService


@dataclass(frozen=True)
class Handling:
    """Who takes what."""

    service: ProfileService
    views: Views
    correcting: Correcting
    erasing: Erasing

    async def feedback(self, event: Feedback, delivery: Delivery) -> None:
        if await self.erasing.is_past(event, delivery):
            return
        try:
            # A view of an image that cannot be loaded is a view.
            await self.views.take(event)
            await self.service.take_feedback(event)
        finally:
            await self.erasing.undo_if_past(event, delivery)

    async def correct(self, event: ProfileCorrected, delivery: Delivery) -> None:
        if await self.erasing.is_past(event, delivery):
            return
        try:
            await self.correcting.take(event)
        finally:
            await self.erasing.undo_if_past(event, delivery)

    async def erase(self, event: UserErase, delivery: Delivery) -> None:
        await self.erasing.erase(event, delivery)


def connect(kafka: KafkaService, handling: Handling) -> None:
    """Feedback on the slow path, since a prediction takes seconds; the rest on the fast one."""
    kafka.slow(FEEDBACK, handling.feedback)
    kafka.fast(CORRECTIONS, handling.correct)
    kafka.fast(ERASE, handling.erase)
