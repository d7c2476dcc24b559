"""Connect each topic to the function that handles its events."""

from services.assessor.erasure import UserEraser
from services.assessor.service import AssessorService
from shared.events import UserErase
from shared.events.topics import CANDIDATES, ERASE
from shared.messaging.contract import Delivery
from shared.messaging.service import KafkaService


def connect(
    kafka: KafkaService,
    service: AssessorService,
    eraser: UserEraser,
    *,
    candidates_in_flight: int,
) -> None:
    """Candidates take the slow path: the model scores the requests in work in common batches."""

    async def erase(event: UserErase, delivery: Delivery) -> None:
        await eraser.erase(event, written_ms=delivery.record.timestamp_ms)

    kafka.slow(CANDIDATES, service.rank, in_flight=candidates_in_flight)
    kafka.fast(ERASE, erase)
