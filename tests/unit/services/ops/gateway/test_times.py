"""The gateway bounds the times in its bodies, and reads a leap second."""

from datetime import UTC, datetime

import pytest

from shared.events import Feedback
from tests.unit.services.ops.sample_events import feed_of
from tests.unit.services.ops.site import site


async def _send(occurred_at: str) -> tuple[int, str, list[Feedback]]:
    gateway = site()
    gateway.kafka.feed_for = feed_of
    actions = [
        {"type": "view", "image_id": "a"},
        {"type": "like", "image_id": "a", "occurred_at": occurred_at},
    ]
    async with gateway.client() as app:
        response = await app.post("/v1/feedback", json={"user_id": "ada", "actions": actions})
    sent = [event for event in gateway.kafka.sent if isinstance(event, Feedback)]
    return response.status_code, response.text, sent


@pytest.mark.parametrize(
    ("occurred_at", "reason"),
    [
        ("9999-12-31T23:59:59-05:00", "outside the years 1 to 9999"),
        ("9999-12-31T23:59:59Z", "24 hours in the future"),
        ("0001-01-01T00:00:00+14:00", "outside the years 1 to 9999"),
        ("1969-12-31T23:59:59Z", "before 1970"),
        ("2026-01-31T24:00:00Z", "send 00:00:00 of the next day"),
        ("2026-01-31T09:30:00+99:99", "the offset +99:99 does not exist"),
        ("2026-01-31T09:30:00", "the zone is missing"),
    ],
)
async def test_a_time_out_of_bounds_is_a_422_with_the_reason(occurred_at: str, reason: str) -> None:
    status, text, sent = await _send(occurred_at)
    assert (status, sent) == (422, [])
    assert reason in text
    assert "occurred_at" in text


async def test_a_leap_second_is_the_next_second() -> None:
    status, _, sent = await _send("2016-12-31T15:59:60-08:00")
    assert status == 202
    assert sent[1].occurred_at == datetime(2017, 1, 1, tzinfo=UTC)
