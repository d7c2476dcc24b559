"""A stream resumes after a break: no event comes twice, and none is missing."""

import asyncio
import json
from collections.abc import Callable

import pytest

from services.ops.gateway.stream_resume import event_id_of, positions_of, resumed_events
from services.ops.http.problems import Problem
from services.ops.http.streaming import ServerSentEvent
from shared.events import ProfileUpdated
from shared.messaging.read.by_key import KeyPosition
from tests.unit.services.ops.sample_events import profile
from tests.unit.services.ops.site import Site, site

KEY = b"ada"


def _version(number: int, user_id: str = "ada") -> ProfileUpdated:
    return profile(user_id).model_copy(update={"profile_version": number})


async def _first_events(
    dashboard: Site,
    last_id: str | None,
    *,
    count: int,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[ServerSentEvent]:
    """Return the first events. `meanwhile` runs when the stream has caught up."""
    stream = resumed_events(dashboard.kafka, KEY, positions_of(last_id) if last_id else None)
    events: list[ServerSentEvent] = []
    async with asyncio.timeout(30):
        async for event in stream:
            events.append(event)
            if event[1] == "":
                meanwhile()
            if len(events) == count:
                break
    await stream.aclose()  # type: ignore[attr-defined]  # The iterator is a generator.
    return events


def _versions(events: list[ServerSentEvent]) -> list[int]:
    return [json.loads(data)["profile_version"] for _, name, data in events if "profile" in name]


async def test_a_stream_starts_with_the_position_to_resume_from() -> None:
    dashboard = site()
    dashboard.kafka.deliver(_version(1))
    events = await _first_events(
        dashboard, None, count=2, meanwhile=lambda: dashboard.kafka.deliver(_version(2))
    )
    assert (events[0][1], _versions(events)) == ("", [2])


async def test_missed_events_come_first_and_each_once() -> None:
    dashboard = site()
    (start,) = await _first_events(dashboard, None, count=1)
    for number in (1, 2, 3):
        dashboard.kafka.deliver(_version(number))
        dashboard.kafka.deliver(_version(number, "bob"))
    events = await _first_events(
        dashboard, start[0], count=5, meanwhile=lambda: dashboard.kafka.deliver(_version(4))
    )
    assert _versions(events) == [1, 2, 3, 4]


async def test_a_stream_that_breaks_within_the_missed_events_resumes_there() -> None:
    dashboard = site()
    (start,) = await _first_events(dashboard, None, count=1)
    for number in (1, 2, 3):
        dashboard.kafka.deliver(_version(number))
    first = await _first_events(dashboard, start[0], count=2)
    second = await _first_events(dashboard, first[-1][0], count=2)
    assert (_versions(first), _versions(second)) == ([1, 2], [3])


async def test_a_gap_is_reported_before_the_other_events() -> None:
    dashboard = site()
    (start,) = await _first_events(dashboard, None, count=1)
    dashboard.kafka.deliver(_version(1))
    dashboard.kafka.has_forgotten = True
    events = await _first_events(dashboard, start[0], count=3)
    assert [name for _, name, _ in events] == ["gap", "profile.updated.v1", ""]
    assert "reason" in json.loads(events[0][2])


def test_a_formatted_event_id_is_parsed_to_the_same_positions() -> None:
    positions = {"feed.ranked.v1": KeyPosition(3, 128), "profile.updated.v1": KeyPosition(0, 17)}
    assert event_id_of(positions) == "feed.ranked.v1:3:128,profile.updated.v1:0:17"
    assert positions_of(event_id_of(positions)) == positions


@pytest.mark.parametrize(
    "event_id",
    [
        "17",
        ",",
        "feedback.v1:0:1",
        "feed.ranked.v1:0",
        "feed.ranked.v1:-1:2",
        "feed.ranked.v1:1:\u0661",
        "feed.ranked.v1:0:1,",
        "feed.ranked.v1:0:1,feed.ranked.v1:0:2",
        "feed.ranked.v1:0:" + "9" * 30,
    ],
)
def test_an_invalid_event_id_is_rejected(event_id: str) -> None:
    with pytest.raises(Problem, match="Last-Event-ID"):
        positions_of(event_id)


async def test_the_event_id_is_read_from_header_and_query() -> None:
    async with site().client() as app:
        for options in (
            {"headers": {"Last-Event-ID": "17"}, "params": {"user_id": "ada"}},
            {"params": {"user_id": "ada", "last_event_id": "17"}},
        ):
            response = await app.get("/v1/events", **options)  # type: ignore[arg-type]  # both
            assert response.status_code == 400
            assert response.json()["type"].endswith("no-such-event-id")
