"""Which topic goes to which function of the profile service."""

from services.profile.correcting import Correcting
from services.profile.service import ProfileService
from services.profile.views import Views
from shared.events import Feedback, ProfileCorrected, UserErase
from shared.events.topics import CORRECTIONS, ERASE, FEEDBACK
from shared.messaging.contract import Delivery
from shared.messaging.service import KafkaService


def connect(
    kafka: KafkaService, service: ProfileService, views: Views, correcting: Correcting
) -> None:
    """Feedback on the slow path, since a prediction takes seconds; the rest on the fast one."""

    async def feedback(event: Feedback, _: Delivery) -> None:
        # A view of an image that cannot be loaded is a view.
        await views.take(event)
        await service.take_feedback(event)

    async def correct(event: ProfileCorrected, _: Delivery) -> None:
        await correcting.take(event)

    async def erase(event: UserErase, _: Delivery) -> None:
        await service.erase(event)

    kafka.slow(FEEDBACK, feedback)
    kafka.fast(CORRECTIONS, correct)
    kafka.fast(ERASE, erase)
