"""Connect each Kafka topic of the profile service to its function."""

from dataclasses import dataclass

from services.profile.config import ProfileSettings
from services.profile.corrections import CorrectionWriter
from services.profile.erasure import UserEraser
from services.profile.feedback.image_retries import ImageRetries
from services.profile.feedback.impressions import ImpressionRecorder
from services.profile.feedback.new_reference import ImageUnavailable
from services.profile.service import ProfileService
from shared.domain.user import User
from shared.events import Feedback, ProfileCorrected, UserErase
from shared.events.topics import CORRECTIONS, ERASE, FEEDBACK, FEEDBACK_RETRY
from shared.events.types.base import UserEvent
from shared.messaging.consume.retry_record import attempts_of
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
    image_retries: ImageRetries

    async def feedback(self, event: Feedback, delivery: Delivery) -> None:
        await self._feedback(event, delivery, earlier_attempts=0)

    async def feedback_again(self, event: Feedback, delivery: Delivery) -> None:
        """Handle an event of the retry topic; its delivery has the original record."""
        await self._feedback(event, delivery, earlier_attempts=attempts_of(delivery.record))

    async def _feedback(
        self, event: Feedback, delivery: Delivery, *, earlier_attempts: int
    ) -> None:
        if await self._is_erased(event, delivery):
            return
        try:
            if self.impressions is not None:
                # First: also an image that cannot be loaded has been seen.
                await self.impressions.record(event)
            await self.service.process_feedback(event)
        except ImageUnavailable as error:
            attempts = earlier_attempts + 1
            await self.image_retries.schedule(delivery.record, error, attempts=attempts)
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

    async def _is_erased(self, event: UserEvent, delivery: Delivery) -> bool:
        return await self.erasure_check.is_erased(event, written_ms=delivery.record.timestamp_ms)

    async def _remove_if_erased(self, event: UserEvent, delivery: Delivery) -> None:
        if await self._is_erased(event, delivery):
            await self.eraser.remove(User(event.tenant, event.user_id))


def connect(kafka: KafkaService, handlers: Handlers, settings: ProfileSettings) -> None:
    """Feedback takes the slow path, since a prediction takes seconds; the rest the fast path."""
    in_flight = settings.feedback_in_flight
    kafka.slow(FEEDBACK, handlers.feedback, in_flight=in_flight)
    kafka.delayed(
        FEEDBACK_RETRY,
        handlers.feedback_again,
        of=FEEDBACK,
        delay_seconds=settings.image_retry_seconds,
        in_flight=in_flight,
    )
    kafka.fast(CORRECTIONS, handlers.correct)
    kafka.fast(ERASE, handlers.erase)
