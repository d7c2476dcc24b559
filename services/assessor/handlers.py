"""Which topic goes to which function of the assessor."""

from services.assessor.erasure import Erasing
from services.assessor.service import AssessorService
from shared.events import ImageCandidates, UserErase
from shared.events.topics import CANDIDATES, ERASE
from shared.messaging.contract import Delivery
from shared.messaging.service import KafkaService


def connect(kafka: KafkaService, service: AssessorService, erasing: Erasing) -> None:
    """Candidates on the slow path: many requests in work fill the model's batches."""

    async def candidates(event: ImageCandidates, delivery: Delivery) -> None:
        await service.answer(event, written_ms=delivery.record.timestamp_ms)

    async def erase(event: UserErase, delivery: Delivery) -> None:
        await erasing.erase(event, written_ms=delivery.record.timestamp_ms)

    kafka.slow(CANDIDATES, candidates)
    kafka.fast(ERASE, erase)
