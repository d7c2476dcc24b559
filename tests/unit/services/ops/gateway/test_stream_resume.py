"""A stream that breaks goes on where it broke: nothing is told twice, nothing is left out."""

import asyncio
import json
from collections.abc import Callable

import pytest

from services.ops.gateway.stream_resume import id_of, news_of, places_of
from services.ops.http.problems import Problem
from services.ops.http.streaming import Told
from shared.events import ProfileUpdated
from shared.messaging.read.by_key import KeyPlace
from tests.unit.services.ops.sample_answers import profile
from tests.unit.services.ops.site import Site, site

KEY = b"ada"


def _version(number: int, user_id: str = "ada") -> ProfileUpdated:
    return profile(user_id).model_copy(update={"profile_version": number})


async def _told(
    where: Site, last: str | None, *, most: int, meanwhile: Callable[[], None] = lambda: None
) -> list[Told]:
    """What comes first; `meanwhile` happens when the stream has begun."""
    news = news_of(where.kafka, KEY, places_of(last) if last else None)
    found: list[Told] = []
    async with asyncio.timeout(5):
        async for one in news:
            found.append(one)
            if one[1] == "":
                meanwhile()
            if len(found) == most:
                break
    await news.aclose()  # type: ignore[attr-defined]  # an iterator that is a generator
    return found


def _versions(told: list[Told]) -> list[int]:
    return [json.loads(data)["profile_version"] for _, name, data in told if "profile" in name]


async def test_a_stream_begins_with_where_to_come_back_to() -> None:
    where = site()
    where.kafka.tell(_version(1))
    told = await _told(where, None, most=2, meanwhile=lambda: where.kafka.tell(_version(2)))
    assert (told[0][1], _versions(told)) == ("", [2])


async def test_what_came_meanwhile_is_told_first_and_each_once() -> None:
    where = site()
    (begin,) = await _told(where, None, most=1)
    for number in (1, 2, 3):
        where.kafka.tell(_version(number))
        where.kafka.tell(_version(number, "bob"))
    told = await _told(where, begin[0], most=5, meanwhile=lambda: where.kafka.tell(_version(4)))
    assert _versions(told) == [1, 2, 3, 4]


async def test_a_stream_that_broke_in_what_was_missed_goes_on_there() -> None:
    where = site()
    (begin,) = await _told(where, None, most=1)
    for number in (1, 2, 3):
        where.kafka.tell(_version(number))
    first = await _told(where, begin[0], most=2)
    second = await _told(where, first[-1][0], most=2)
    assert (_versions(first), _versions(second)) == ([1, 2], [3])


async def test_a_gap_is_told_before_the_rest() -> None:
    where = site()
    (begin,) = await _told(where, None, most=1)
    where.kafka.tell(_version(1))
    where.kafka.has_forgotten = True
    told = await _told(where, begin[0], most=3)
    assert [name for _, name, _ in told] == ["gap", "profile.updated.v1", ""]
    assert "reason" in json.loads(told[0][2])


def test_an_id_is_read_back_as_it_was_written() -> None:
    places = {"feed.ranked.v1": KeyPlace(3, 128), "profile.updated.v1": KeyPlace(0, 17)}
    assert id_of(places) == "feed.ranked.v1:3:128,profile.updated.v1:0:17"
    assert places_of(id_of(places)) == places


@pytest.mark.parametrize(
    "told",
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
def test_an_id_that_is_none_of_ours_is_refused(told: str) -> None:
    with pytest.raises(Problem, match="Last-Event-ID"):
        places_of(told)


async def test_the_id_is_taken_from_header_and_query() -> None:
    async with site().client() as app:
        for asked in (
            {"headers": {"Last-Event-ID": "17"}, "params": {"user_id": "ada"}},
            {"params": {"user_id": "ada", "last_event_id": "17"}},
        ):
            answer = await app.get("/v1/events", **asked)  # type: ignore[arg-type]  # both
            assert answer.status_code == 400
            assert answer.json()["type"].endswith("no-such-event-id")
