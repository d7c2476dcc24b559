"""Which topic goes to which function of the assessor."""

from services.assessor.service import AssessorService
from shared.events import ImageCandidates
from shared.events.topics import CANDIDATES
from shared.messaging.contract import Delivery
from shared.messaging.service import KafkaService


def connect(kafka: KafkaService, service: AssessorService) -> None:
    """Candidates on the slow path: many requests in work fill the model's batches."""

    async def candidates(event: ImageCandidates, delivery: Delivery) -> None:
        await service.answer(event, written_ms=delivery.record.timestamp_ms)

    kafka.slow(CANDIDATES, candidates)
