"""A request from before its user's erasure gets no feed, and its id is forgotten."""

from datetime import timedelta
from uuid import UUID

from shared.domain.ids import erased_event_id
from shared.domain.requests.request_key import RequestKey
from shared.domain.user import User
from shared.events import RankedFeed, UserErase, UserErased
from tests.unit.services.assessor.assessor import Assessor
from tests.unit.services.assessor.users import NOW, WRITTEN_MS, request

LATER = NOW + timedelta(minutes=1)
LATER_MS = WRITTEN_MS + 60_000


async def erase(assessor: Assessor, *, user_id: str = "ana") -> UserErased:
    event = UserErase(event_id=UUID(int=9), occurred_at=LATER, user_id=user_id)
    await assessor.eraser.erase(event, written_ms=LATER_MS)
    receipt = assessor.publisher.events[-1]
    assert isinstance(receipt, UserErased)
    return receipt


def feeds(assessor: Assessor) -> list[str]:
    return [e.request_id for e in assessor.publisher.events if isinstance(e, RankedFeed)]


async def test_the_receipt_counts_the_forgotten_requests(assessor: Assessor) -> None:
    for number in range(3):
        await assessor.feed(request("red", request_id=f"r-{number}"))
    await assessor.feed(request("red", user_id="bo", request_id="r-of-bo"))
    receipt = await erase(assessor)
    assert receipt.removed == {"remembered_requests": 3, "feed_pages": 0, "kept_scores": 0}
    assert not any(receipt.remaining.values())
    assert receipt.event_id == erased_event_id(
        User("default", "ana"), erase_event_id=UUID(int=9), service="assessor"
    )
    assert assessor.answered.contents(RequestKey("default", "bo", "r-of-bo"))


async def test_a_request_from_before_the_erasure_gets_no_feed_and_is_counted(
    assessor: Assessor,
) -> None:
    await erase(assessor)
    await assessor.rank(request("red"))
    assert feeds(assessor) == []
    assert assessor.registry.get_sample_value("preferstream_requests_erased_total") == 1


async def test_a_request_in_work_during_the_erasure_gets_no_feed(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    load_many = assessor.image_loader.load_many

    async def erase_while_loading(uris: list[str], **limits: float) -> object:
        await erase(assessor)
        return await load_many(uris, **limits)

    assessor.image_loader.load_many = erase_while_loading
    await assessor.rank(request("red"))
    assert feeds(assessor) == []
    assert not assessor.answered.contents(RequestKey("default", "ana", "r-1"))


async def test_a_request_from_after_the_erasure_is_answered_as_for_a_new_user(
    assessor: Assessor,
) -> None:
    await erase(assessor)
    again = request("red", occurred_at=LATER + timedelta(seconds=1))
    feed = await assessor.feed(again, written_ms=LATER_MS + 1_000)
    assert feed.status == "cold_start"
