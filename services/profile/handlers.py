"""Connect each Kafka topic of the profile service to its function."""

from dataclasses import dataclass

from services.profile.corrections import CorrectionWriter
from services.profile.erasure import UserEraser
from services.profile.feedback.impressions import ImpressionRecorder
from services.profile.service import ProfileService
from shared.domain.user import User
from shared.events import Feedback, ProfileCorrected, UserErase
from shared.events.topics import CORRECTIONS, ERASE, FEEDBACK
from shared.events.types.base import Event
from shared.messaging.contract import Delivery
from shared.messaging.service import KafkaService
from shared.store.erasure_check import ErasureCheck


@dataclass(frozen=True)
class Handlers:
    """One function per topic.

    An event is checked for an erasure before and after its processing, since the erasure may
    arrive while the event is processed.
    """

    service: ProfileService
    impressions: ImpressionRecorder | None
    corrections: CorrectionWriter
    eraser: UserEraser
    erasure_check: ErasureCheck

    async def feedback(self, event: Feedback, delivery: Delivery) -> None:
        if await self._is_erased(event, delivery):
            return
        try:
            if self.impressions is not None:
                # First: also an image that cannot be loaded has been seen.
                await self.impressions.record(event)
            await self.service.process_feedback(event)
        finally:
            await self._remove_if_erased(event, delivery)

    async def correct(self, event: ProfileCorrected, delivery: Delivery) -> None:
        if await self._is_erased(event, delivery):
            return
        try:
            await self.corrections.apply(event)
        finally:
            await self._remove_if_erased(event, delivery)

    async def erase(self, event: UserErase, delivery: Delivery) -> None:
        await self.eraser.erase(event, delivery)

    async def _is_erased(self, event: Event, delivery: Delivery) -> bool:
        return await self.erasure_check.is_erased(event, written_ms=delivery.record.timestamp_ms)

    async def _remove_if_erased(self, event: Event, delivery: Delivery) -> None:
        if await self._is_erased(event, delivery):
            await self.eraser.remove(User(event.tenant, event.user_id))


def connect(kafka: KafkaService, handlers: Handlers) -> None:
    """Feedback takes the slow path, since a prediction takes seconds; the rest the fast path."""
    kafka.slow(FEEDBACK, handlers.feedback)
    kafka.fast(CORRECTIONS, handlers.correct)
    kafka.fast(ERASE, handlers.erase)
