"""Be an app with the typed client: references, a taste, a feed, a click; one by one and at once."""

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
PATIENCE_SECONDS = 120.0


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "client")


def test_a_program_that_waits_gets_a_taste_and_a_feed(system: System, files: DemoFiles) -> None:
    def likes() -> None:
        for path in files.liked:
            app.act("client-ada", "reference_like", path.name, uri=path.as_uri())

    def knows_all(profile: ProfileUpdated) -> bool:
        return profile.evidence.liked == len(files.liked)

    with Client(system.kafka) as app:
        came = app.profile_when("client-ada", knows_all, after=likes, seconds=PATIENCE_SECONDS)
        slate = {path.name: path.as_uri() for path in files.slate[:4]}
        feed = app.rank("client-ada", slate, explain="none", seconds=PATIENCE_SECONDS)
        known = app.profile("client-ada")
        kept = app.feeds(wanted=lambda f: f.request_id == feed.request_id)

    assert came == known
    assert feed.status == "ok"
    assert {item.image_id for item in feed.items} == set(slate)
    assert kept == [feed]


async def test_a_program_that_lives_asks_for_many_feeds_at_once(
    system: System, files: DemoFiles
) -> None:
    slate = {path.name: path.as_uri() for path in files.slate[:2]}
    async with AsyncClient(system.kafka) as app:
        feeds = await asyncio.gather(
            *(
                app.rank(f"client-{n}", slate, explain="none", seconds=PATIENCE_SECONDS)
                for n in range(8)
            )
        )
    assert [feed.user_id for feed in feeds] == [f"client-{n}" for n in range(8)]


async def test_a_program_that_lives_corrects_a_taste_and_has_a_person_erased(
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
            async with asyncio.timeout(PATIENCE_SECONDS):
                async for _, event in profiles:
                    if isinstance(event, ProfileUpdated) and _says(event, "chartreuse"):
                        break
        async with app.listening(about(ERASED)) as receipts:
            erasure = await app.erase("client-eve", reason="a test")
            services = set()
            async with asyncio.timeout(PATIENCE_SECONDS):
                async for _, event in receipts:
                    if isinstance(event, UserErased) and event.erase_event_id == erasure.event_id:
                        services.add(event.service)
                    if services >= set(ERASING_SERVICES):
                        break
    assert (pinned.action, erasure.user_id) == ("pin", "client-eve")


def _says(profile: ProfileUpdated, word: str) -> bool:
    return any(one.word == word for one in profile.preference.color)


async def test_what_is_not_answered_in_time_says_which_request(
    system: System, files: DemoFiles
) -> None:
    image = files.slate[0]
    async with AsyncClient(system.kafka) as app:
        with pytest.raises(NoAnswer, match="in-no-time"):
            await app.rank("hasty", {"a": image.as_uri()}, seconds=0.0, request_id="in-no-time")


async def test_a_kafka_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await AsyncClient("127.0.0.1:1").start()


async def test_a_client_without_its_topics_says_so(kafka: str) -> None:
    nowhere = replace(FEEDS, name="nobody.made.v1")
    with pytest.raises(Unavailable, match="none of the topics"):
        await AsyncClient(kafka, topics=(nowhere,)).start()
