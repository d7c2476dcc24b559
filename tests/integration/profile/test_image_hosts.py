"""An image host that is away costs its own events alone, and loses none of them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from shared.dead_letters.operations import replay
from shared.events import UserErase
from shared.events.topics import FEEDBACK_RETRY
from shared.events.wire.codec import decode
from tests.integration.images.stranger_hosts import StrangerHosts, stranger_hosts
from tests.integration.messaging.running_service import until
from tests.integration.profile.running_profiles import Profiles, RecoveringHost, recovering_host

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

LIKES = 40
SLACK_SECONDS = 5.0
"""A busy machine; before, no profile was updated at all while likes waited for an image host."""


@pytest.fixture
async def profiles(kafka: str, tmp_path: Path) -> Profiles:
    made = Profiles(kafka, tmp_path)
    await made.prepare()
    return made


@pytest.fixture(scope="module")
def strangers() -> Iterator[StrangerHosts]:
    with stranger_hosts() as hosts:
        yield hosts


@pytest.fixture
async def host() -> AsyncIterator[RecoveringHost]:
    async with recovering_host() as running:
        yield running


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port that refuses connections: it is bound, and nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize(
    ("fault", "hosts", "users"),
    [
        ("silent", 1, 1),
        ("silent", 1, LIKES),
        ("silent", LIKES, 1),
        ("silent", LIKES, LIKES),
        ("dripping", LIKES, LIKES),
        ("status 503", LIKES, LIKES),
        ("refuses", 1, LIKES),
        ("unresolved", LIKES, 1),
    ],
)
async def test_a_like_does_not_wait_for_the_image_hosts_of_other_likes(
    profiles: Profiles,
    strangers: StrangerHosts,
    closed_port: int,
    fault: str,
    hosts: int,
    users: int,
) -> None:
    addresses: dict[str, Callable[[int], str]] = {
        "silent": lambda n: strangers.silent(n, number=n % hosts),
        "dripping": lambda n: strangers.dripping(n, number=n % hosts),
        "status 503": lambda n: strangers.status(503, n, number=n % hosts),
        "refuses": lambda n: f"http://127.0.0.{n % hosts + 1}:{closed_port}/{n}.png",
        "unresolved": lambda n: f"http://host-{n % hosts}.invalid/{n}.png",
    }
    async with profiles.service(max_image_wait_seconds=60.0, image_attempt_seconds=60.0) as app:
        baseline = await profiles.seconds_of_like("before")
        dead = [profiles.like(f"dead-{n % users}", addresses[fault](n)) for n in range(LIKES)]
        await profiles.send(*dead)
        alone = await profiles.seconds_of_like("good")
        same_user = await profiles.seconds_of_like("dead-0")
        assert max(alone, same_user) < baseline + SLACK_SECONDS
        assert app.kafka.dead_because() is None
        if fault in ("silent", "dripping"):
            # They are still waiting for their hosts: the good likes have overtaken them.
            assert not await profiles.waiting()
            assert not await profiles.dead_letters()


@pytest.mark.parametrize("fault", ["silent", "status 503", "refuses"])
async def test_a_like_becomes_a_dead_letter_after_the_last_attempt_and_stops_no_service(
    profiles: Profiles, strangers: StrangerHosts, closed_port: int, fault: str
) -> None:
    addresses: dict[str, Callable[[int], str]] = {
        "silent": lambda n: strangers.silent(n),
        "status 503": lambda n: strangers.status(503, n),
        "refuses": lambda n: f"http://127.0.0.1:{closed_port}/{n}.png",
    }
    likes = [profiles.like(f"dead-{n}", addresses[fault](n)) for n in range(200)]
    async with profiles.service(max_image_wait_seconds=0.3) as app:
        await profiles.send(*likes)

        async def all_are_dead_letters() -> bool:
            assert app.kafka.dead_because() is None
            return len(await profiles.dead_letters()) == len(likes)

        await until(all_are_dead_letters)
        await profiles.seconds_of_like("after")
    letters = await profiles.dead_letters()
    assert {letter.reason for letter in letters} == {"image_unavailable"}
    assert {letter.topic.name for letter in letters} == {"feedback.v1"}
    assert all("in 3 attempts" in letter.detail for letter in letters)
    assert all((letter.header("x-source") or "").startswith("feedback.v1/") for letter in letters)
    assert len({letter.header("x-source") for letter in letters}) == len(likes)
    assert not any(name.startswith("x-source-") for x in letters for name, _ in x.record.headers)
    ids = {decode(letter.topic, letter.record).event_id for letter in letters}
    assert ids == {like.event_id for like in likes}


async def test_a_host_whose_images_are_gone_stops_no_service(
    profiles: Profiles, strangers: StrangerHosts
) -> None:
    likes = [profiles.like(f"gone-{n}", strangers.status(404, n)) for n in range(250)]
    async with profiles.service() as app:
        await profiles.send(*likes)

        async def all_are_dead_letters() -> bool:
            return len(await profiles.dead_letters()) == len(likes)

        await until(all_are_dead_letters)
        assert app.kafka.failure() is None
        await profiles.seconds_of_like("after")
    assert {letter.reason for letter in await profiles.dead_letters()} == {"http_404"}


async def test_a_like_counts_when_its_host_has_recovered(
    profiles: Profiles, host: RecoveringHost
) -> None:
    async with profiles.service(image_attempts=1000):
        await profiles.send(profiles.like("ana", host.uri(1)))
        await until(lambda: host.requests >= 2)
        assert await profiles.likes("ana") == 0
        host.is_away = False
        await profiles.until_likes("ana")
    assert not await profiles.dead_letters()


async def test_a_replayed_dead_letter_counts(profiles: Profiles, host: RecoveringHost) -> None:
    async with profiles.service(image_attempts=1):
        await profiles.send(profiles.like("ana", host.uri(1)))

        async def is_dead_letter() -> bool:
            return len(await profiles.dead_letters()) == 1

        await until(is_dead_letter)
        host.is_away = False
        await asyncio.sleep(0.3)  # the circuit of the host is open for 0.2 s
        (letter,) = await profiles.dead_letters()
        await replay(profiles.settings, letter.id)
        await profiles.until_likes("ana")


async def test_a_like_that_waits_survives_a_restart(
    profiles: Profiles, host: RecoveringHost
) -> None:
    async with profiles.service(image_retry_seconds=3.0):
        await profiles.send(*(profiles.like(f"user-{n}", host.uri(n)) for n in range(20)))

        async def all_wait() -> bool:
            return len(await profiles.waiting()) >= 20

        await until(all_wait)
    host.is_away = False
    async with profiles.service(image_retry_seconds=3.0):
        for n in range(20):
            await profiles.until_likes(f"user-{n}")


async def test_a_like_whose_image_is_loading_survives_an_end_without_a_drain(
    profiles: Profiles, strangers: StrangerHosts
) -> None:
    silent = profiles.like("ana", strangers.silent("x"))
    profiles.settings = profiles.settings.model_copy(update={"drain_seconds": 0.1})
    async with profiles.service(max_image_wait_seconds=60.0, image_attempt_seconds=60.0):
        await profiles.send(silent)
        await profiles.seconds_of_like("bo")
    assert not await profiles.waiting()
    async with profiles.service(max_image_wait_seconds=0.3, image_attempts=1):

        async def is_dead_letter() -> bool:
            return len(await profiles.dead_letters()) == 1

        await until(is_dead_letter)


async def test_a_like_that_waits_is_erased_with_its_user(
    profiles: Profiles, host: RecoveringHost
) -> None:
    async with profiles.service(image_attempts=1000) as app:
        like = profiles.like("ana", host.uri(1))
        await profiles.send(like, profiles.like("bo", host.uri(2)))
        await until(lambda: host.requests >= 4)
        erase = UserErase(event_id=uuid4(), occurred_at=datetime.now(UTC), user_id=like.user_id)
        await profiles.send(erase)
        await until(lambda: len(profiles.erasures.by_user) == 1)
        waited = len(await profiles.waiting())
        host.is_away = False
        await profiles.until_likes("bo")
        await asyncio.sleep(2.5)  # two more delays: everything that waited was due
        assert app.kafka.failure() is None
    assert waited >= 2
    assert await profiles.likes("ana") == 0
    assert not await profiles.dead_letters()


async def test_equal_users_of_two_tenants_wait_apart(
    profiles: Profiles, host: RecoveringHost
) -> None:
    async with profiles.service(image_attempts=1000):
        tenants = ("default", "elsewhere")
        await profiles.send(*(profiles.like("ana", host.uri(t), tenant=t) for t in tenants))
        await until(lambda: host.requests >= 4)
        host.is_away = False
        for tenant in tenants:

            async def counts(tenant: str = tenant) -> bool:
                return await profiles.likes("ana", tenant=tenant) == 1

            await until(counts)


async def test_waiting_likes_are_no_lag_and_no_problem_of_the_service(
    profiles: Profiles, strangers: StrangerHosts
) -> None:
    async with profiles.service(image_retry_seconds=300.0) as app:
        likes = [profiles.like(f"u-{n}", strangers.status(503, n)) for n in range(50)]
        await profiles.send(*likes)

        async def all_wait() -> bool:
            return len(await profiles.waiting()) == 50

        await until(all_wait)
        await asyncio.sleep(2.0)
        registry = app.kafka.registry
        labels = {"topic": FEEDBACK_RETRY.name}
        assert registry.get_sample_value("preferstream_consumer_lag_events", labels) == 0
        assert registry.get_sample_value("preferstream_profile_image_retries_total") == 50
        assert await app.kafka.not_ready_because() is None
        assert app.kafka.dead_because() is None


async def test_references_at_a_dead_host_delay_only_the_predictions_of_their_user(
    profiles: Profiles, host: RecoveringHost
) -> None:
    host.is_away = False
    async with profiles.service():
        old = [profiles.like(f"old-{n}", host.uri(n, number=n)) for n in range(LIKES)]
        await profiles.send(*old)
        for n in range(LIKES):
            await profiles.until_likes(f"old-{n}")
    host.is_silent = True
    async with profiles.service(max_image_wait_seconds=30.0, image_attempt_seconds=15.0):
        baseline = await profiles.seconds_of_like("before")
        await profiles.send(
            *(profiles.like(f"old-{n}", profiles.file("blue")) for n in range(LIKES))
        )
        assert await profiles.seconds_of_like("good") < baseline + SLACK_SECONDS
        for n in range(LIKES):
            await profiles.until_likes(f"old-{n}", 2)
