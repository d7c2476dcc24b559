"""The Python client sends feedback, corrections and requests, and receives profiles and feeds."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.cli.demo.image_files import DemoFiles
from shared.client import AsyncClient, Client, NoAnswer
from shared.domain.errors import Unavailable
from shared.events import ProfileUpdated, UserErased
from shared.events.topics import ERASED, FEEDS, PROFILES, Topic
from shared.events.types.erase import ERASING_SERVICES
from shared.events.wire.record import Record
from tests.e2e.pictures import story_files
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(300)]
TIMEOUT_SECONDS = 120.0


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "client")


def test_the_blocking_client_gets_a_profile_and_a_feed(system: System, files: DemoFiles) -> None:
    def likes() -> None:
        for path in files.liked:
            app.act("client-ada", "reference_like", path.name, uri=path.as_uri())

    def has_all_references(profile: ProfileUpdated) -> bool:
        return profile.evidence.liked == len(files.liked)

    with Client(system.kafka) as app:
        awaited = app.profile_when(
            "client-ada", has_all_references, after=likes, seconds=TIMEOUT_SECONDS
        )
        slate = {path.name: path.as_uri() for path in files.slate[:4]}
        feed = app.rank("client-ada", slate, explain="none", seconds=TIMEOUT_SECONDS)
        current = app.profile("client-ada")
        kept = app.feeds(wanted=lambda f: f.request_id == feed.request_id)

    assert awaited == current
    assert feed.status == "ok"
    assert {item.image_id for item in feed.items} == set(slate)
    assert kept == [feed]


async def test_the_async_client_requests_many_feeds_concurrently(
    system: System, files: DemoFiles
) -> None:
    slate = {path.name: path.as_uri() for path in files.slate[:2]}
    async with AsyncClient(system.kafka) as app:
        feeds = await asyncio.gather(
            *(
                app.rank(f"client-{n}", slate, explain="none", seconds=TIMEOUT_SECONDS)
                for n in range(8)
            )
        )
    assert [feed.user_id for feed in feeds] == [f"client-{n}" for n in range(8)]


async def test_the_async_client_corrects_a_taste_and_erases_a_user(
    system: System, files: DemoFiles
) -> None:
    def about(topic: Topic) -> Callable[[Record], bool]:
        return lambda record: record.topic == topic.name and b"client-eve" in (record.key or b"")

    async with AsyncClient(system.kafka, topics=(PROFILES, ERASED)) as app:
        async with app.listening(about(PROFILES)) as profiles:
            liked = files.liked[0]
            await app.act("client-eve", "reference_like", liked.name, uri=liked.as_uri())
            pinned = await app.correct(
                "client-eve", "pin", element="color", side="preference", word="chartreuse"
            )
            async with asyncio.timeout(TIMEOUT_SECONDS):
                async for _, event in profiles:
                    if isinstance(event, ProfileUpdated) and _prefers(event, "chartreuse"):
                        break
        async with app.listening(about(ERASED)) as receipts:
            erasure = await app.erase("client-eve", reason="a test")
            services = set()
            async with asyncio.timeout(TIMEOUT_SECONDS):
                async for _, event in receipts:
                    if isinstance(event, UserErased) and event.erase_event_id == erasure.event_id:
                        services.add(event.service)
                    if services >= set(ERASING_SERVICES):
                        break
    assert (pinned.action, erasure.user_id) == ("pin", "client-eve")


def _prefers(profile: ProfileUpdated, color: str) -> bool:
    return any(word.word == color for word in profile.preference.color)


async def test_a_request_without_an_answer_in_time_is_named_in_the_error(
    system: System, files: DemoFiles
) -> None:
    image = files.slate[0]
    async with AsyncClient(system.kafka) as app:
        with pytest.raises(NoAnswer, match="in-no-time"):
            await app.rank("hasty", {"a": image.as_uri()}, seconds=0.0, request_id="in-no-time")


async def test_a_missing_kafka_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await AsyncClient("127.0.0.1:1").start()


async def test_a_client_without_its_topics_is_unavailable(kafka: str) -> None:
    missing = replace(FEEDS, name="missing.topic.v1")
    with pytest.raises(Unavailable, match="none of the topics"):
        await AsyncClient(kafka, topics=(missing,)).start()
