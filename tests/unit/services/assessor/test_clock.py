"""A clock that is set back, or a wrong Kafka timestamp, makes no request late."""

from datetime import timedelta

import pytest

from tests.unit.services.assessor.assessor import Assessor
from tests.unit.services.assessor.users import NOW, WRITTEN_MS, request

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    "written_ms",
    [WRITTEN_MS, WRITTEN_MS + HOUR_MS, -(2**63), -1, 0, 1_769_851, 2**63 - 1],
    ids=["now", "the clock was set back", "lowest", "none", "zero", "seconds", "highest"],
)
async def test_a_request_is_not_late_by_a_wrong_timestamp(written_ms: int) -> None:
    assessor = Assessor()
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("red", "blue", deadline_ms=60_000), written_ms=written_ms)
    assert (feed.status, feed.latency_ms["queue"]) == ("ok", 0.0)
    assert all(milliseconds >= 0 for milliseconds in feed.latency_ms.values())
    assert feed.occurred_at - NOW < timedelta(seconds=1)
