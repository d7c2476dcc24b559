"""Request ids of several users on a real Kafka: restarts, waiting clients, streams."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from services.assessor.app import read_answered_requests
from services.ops.gateway.stream_resume import positions_of, resumed_events
from services.ops.kafka.earlier_feeds import earlier_feeds
from services.ops.kafka.kafka_adapter import KafkaAdapter
from shared.client import AsyncClient, Client, NoAnswer, erasure, request
from shared.client.send_events import send_events
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.domain.ids import feed_id
from shared.domain.requests.request_key import RequestKey
from shared.domain.user import User
from shared.events import Candidate, ImageCandidates, RankedFeed, UserErased
from shared.events.topics import ALL_TOPICS, CANDIDATES, FEEDS
from shared.events.types.erase import ERASING_SERVICES
from shared.events.wire.codec import decode, encode
from shared.events.wire.record import Outgoing
from shared.messaging.admin.provision import provision
from shared.messaging.client.producer import send_once
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.bounded_reader import bounded_reader
from shared.messaging.read.by_key import partition_of
from shared.messaging.read.tail import whole_topic

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
SECONDS = 60.0
USERS = [("t", "a"), ("t", "b"), ("u", "a"), ("t", "a/b"), ("t/a", "b"), ("default", "a")]
"""Tenants and users that a text with separators would mix up."""


@pytest.fixture
def settings(kafka: str) -> MessagingSettings:
    settings = MessagingSettings(kafka_bootstrap_servers=kafka)
    provision(settings, ALL_TOPICS)
    return settings


@asynccontextmanager
async def gateway(settings: MessagingSettings) -> AsyncIterator[KafkaAdapter]:
    """A gateway that has just started, and has indexed the earlier feeds."""
    adapter = KafkaAdapter(settings)
    await adapter.start()
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    await adapter.feed(RequestKey("t", "nobody", "unknown"))
                    break
                except Unavailable:
                    await asyncio.sleep(0.1)
        yield adapter
    finally:
        await adapter.stop()


async def until_read_back(adapter: KafkaAdapter, request: RequestKey) -> RankedFeed:
    """The feed of a request, as soon as the gateway has read it."""
    async with adapter.listening() as records:
        feed = await adapter.feed(request)
        while feed is None:
            await anext(records)
            feed = await adapter.feed(request)
    return feed


def slate(request_id: str, *, tenant: str, user: str, image: str = "i") -> ImageCandidates:
    return request(
        user, {image: f"https://images.example/{image}"}, tenant=tenant, request_id=request_id
    )


def feed_of(event: ImageCandidates, **fields: Any) -> RankedFeed:
    return RankedFeed.model_validate(
        {
            "event_id": feed_id(
                event.request_key, request_hash=event.request_hash(), model_version="m",
                profile_version=None,
            ),
            "occurred_at": system_clock(), "user_id": event.user_id, "tenant": event.tenant,
            "request_id": event.request_id, "status": "cold_start", "items": (),
            "profile_version": None, "model_version": "m", "request_hash": event.request_hash(),
            **fields,
        }
    )  # fmt: skip


async def test_feeds_with_one_request_id_are_read_back_by_their_user_after_a_restart(
    settings: MessagingSettings,
) -> None:
    request_id = f"same/{uuid4()}"
    feeds = [feed_of(slate(request_id, tenant=tenant, user=user)) for tenant, user in USERS]
    send_events(settings, feeds)
    for _ in range(2):  # The second gateway is the restarted one.
        async with gateway(settings) as adapter:
            for feed in feeds:
                assert await adapter.feed(feed.request_key) == feed
            assert await adapter.feed(RequestKey("u", "b", request_id)) is None
            assert adapter.users_of(tenant="t", request_id=request_id) == {"a", "b", "a/b"}
            assert adapter.users_of(tenant="u", request_id=request_id) == {"a"}


async def test_a_flood_of_one_user_before_a_restart_does_not_hide_the_feeds_of_others(
    settings: MessagingSettings,
) -> None:
    """All of them are in one partition, where the flood comes last."""
    flood = f"flood-{uuid4()}"
    numbers = sorted(whole_partitions(settings))
    partition = partition_of(flood.encode(), numbers)
    others = [
        name for n in range(200)
        if partition_of((name := f"other-{n}-{uuid4()}").encode(), numbers) == partition
    ][:10]  # fmt: skip
    own = [feed_of(slate("home", tenant="default", user=user)) for user in others]
    send_events(settings, own)
    flooding = [feed_of(slate(str(n), tenant="default", user=flood)) for n in range(300)]
    send_events(settings, flooding)
    indexed = await asyncio.to_thread(earlier_feeds, settings, per_partition=100, in_a_flood=1_000)
    requests = {feed.request for feed in indexed}
    assert requests >= {feed.request_key for feed in own}
    assert sum(request.user_id == flood for request in requests) == 100
    tail_only = await asyncio.to_thread(earlier_feeds, settings, per_partition=100, in_a_flood=100)
    assert not {feed.request for feed in tail_only} & {feed.request_key for feed in own}
    offsets = [feed.location.offset for feed in indexed if feed.location.partition == partition]
    assert offsets == sorted(offsets)


def whole_partitions(settings: MessagingSettings) -> list[int]:
    with bounded_reader(settings) as reader:
        return [number for _, number in reader.available([FEEDS])]


async def test_answered_requests_are_known_by_their_user_after_a_restart(
    settings: MessagingSettings,
) -> None:
    request_id = f"same-{uuid4()}"
    answered, unanswered = (slate(request_id, tenant="t", user=user) for user in ("x-ada", "x-bob"))
    older = slate(f"older-{uuid4()}", tenant="t", user="x-ada")
    send_events(settings, [feed_of(answered), feed_of(older, request_hash=None)])
    known = await asyncio.to_thread(read_answered_requests, settings, size=20_000)
    retry = answered.model_copy(update={"event_id": uuid4()})

    def is_known(event: ImageCandidates) -> bool:
        return known.has(event.request_key, request_hash=event.request_hash())

    assert is_known(retry)
    assert not is_known(unanswered)
    assert not is_known(slate(request_id, tenant="t", user="x-ada", image="other"))
    assert not is_known(slate(request_id, tenant="u", user="x-ada"))
    assert not is_known(older)
    assert known.forget(User("t", "x-ada")) == 1
    assert not is_known(answered)


async def test_each_waiting_app_gets_the_feed_of_its_own_request(
    settings: MessagingSettings,
) -> None:
    request_id = f"same-{uuid4()}"
    events = [slate(request_id, tenant=tenant, user=user) for tenant, user in USERS]
    events.append(slate(request_id, tenant="t", user="a", image="other"))
    async with AsyncClient(settings) as app, asyncio.timeout(SECONDS):
        waiting = [asyncio.create_task(app.answer(event, seconds=SECONDS)) for event in events]
        unanswered = asyncio.create_task(
            app.answer(slate(request_id, tenant="t", user="unanswered"), seconds=5.0)
        )
        await asyncio.sleep(0.5)
        for event in reversed(events):
            await app.send(feed_of(event))
        for event, feed in zip(events, await asyncio.gather(*waiting), strict=True):
            assert (feed.request_key, feed.request_hash) == (
                event.request_key, event.request_hash()
            )  # fmt: skip
        with pytest.raises(NoAnswer):
            await unanswered


async def test_the_blocking_client_yields_only_the_feeds_of_its_own_requests(
    settings: MessagingSettings,
) -> None:
    request_id = f"same-{uuid4()}"
    own = [slate(request_id, tenant="t", user="a"), slate(request_id, tenant="t", user="b")]
    foreign = [slate(request_id, tenant="t", user="c"), slate(request_id, tenant="u", user="a")]
    foreign.append(slate(request_id, tenant="t", user="a", image="other"))

    def answer() -> None:
        """Publish the feeds of others first, as soon as the requests are in Kafka."""
        send_events(settings, [feed_of(event) for event in (*foreign, *own)])

    class AnsweredClient(Client):
        def send(self, *events: Any) -> None:
            super().send(*events)
            answer()

    def wait() -> list[RankedFeed]:
        with AnsweredClient(settings) as app:
            return list(app.answers(own, seconds=SECONDS))

    feeds = await asyncio.to_thread(wait)
    assert sorted(feed.user_id for feed in feeds) == ["a", "b"]
    assert {feed.request_hash for feed in feeds} == {event.request_hash() for event in own}


async def test_a_feed_of_other_content_does_not_end_the_wait_for_a_request_with_its_id(
    settings: MessagingSettings,
) -> None:
    first, second = (slate("home", tenant="t", user=f"u-{uuid4()}", image=i) for i in "ab")
    second = second.model_copy(update={"user_id": first.user_id})
    async with gateway(settings) as adapter, asyncio.timeout(SECONDS):
        await adapter.send(first, feed_of(first))
        await until_read_back(adapter, first.request_key)
        await adapter.send(second)
        assert await adapter.feed(second.request_key) is None
        assert adapter.is_awaited(second.request_key)
        await adapter.send(feed_of(second))
        feed = await until_read_back(adapter, second.request_key)
    assert feed.request_hash == second.request_hash()


async def test_receipts_of_another_users_erasure_with_the_same_event_id_are_not_returned(
    settings: MessagingSettings,
) -> None:
    event_id, user = uuid4(), f"erased-{uuid4()}"

    def receipts(user_id: str, tenant: str, *, removed: int) -> list[UserErased]:
        event = erasure(user_id, tenant=tenant, event_id=event_id)
        return [
            event.receipt(service, at=system_clock(), removed={"x": removed}, remaining={})
            for service in ERASING_SERVICES
        ]

    class AnsweredClient(Client):
        def send(self, *events: Any) -> None:
            super().send(*events)
            foreign = receipts("other", "t", removed=1) + receipts(user, "u", removed=1)
            send_events(settings, [*foreign, *receipts(user, "t", removed=2)])

    def erase() -> dict[str, UserErased]:
        with AnsweredClient(settings, tenant="t") as app:
            return app.erase(user, seconds=SECONDS, event_id=event_id)

    returned = await asyncio.to_thread(erase)
    assert set(returned) == set(ERASING_SERVICES)
    assert all(receipt.removed == {"x": 2} for receipt in returned.values())


async def test_a_stream_resumes_with_the_events_of_its_own_user_only(
    settings: MessagingSettings,
) -> None:
    request_id = f"same-{uuid4()}"
    events = [slate(request_id, tenant=tenant, user=user) for tenant, user in USERS]
    forged = encode(feed_of(slate(request_id, tenant="t", user="b")))
    async with gateway(settings) as adapter, asyncio.timeout(SECONDS):
        starts = {}
        for event in events:
            stream = resumed_events(adapter, event.key.encode(), None)
            starts[event.request_key] = (await anext(stream))[0]
            await stream.aclose()  # type: ignore[attr-defined]  # It is a generator.
        send_events(settings, map(feed_of, events))
        # Another producer's record: the key of one user, the feed of another.
        send_once(settings, Outgoing(FEEDS.name, events[0].key.encode(), forged.value, ()))
        for event in events:
            # The position of another user in the same topic shows no event of that user either.
            for start in set(starts.values()):
                stream = resumed_events(adapter, event.key.encode(), positions_of(start))
                users = set()
                async for _, name, data in stream:
                    if name == FEEDS.name:
                        feed = json.loads(data)
                        users.add((feed["tenant"], feed["user_id"]))
                    elif name == "":
                        break
                await stream.aclose()  # type: ignore[attr-defined]
                assert users <= {(event.tenant, event.user_id)}
                if start == starts[event.request_key]:
                    assert users == {(event.tenant, event.user_id)}


def test_a_request_read_from_kafka_has_the_hash_that_its_sender_computed(
    settings: MessagingSettings,
) -> None:
    made_at = datetime(2026, 1, 31, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5.5)))
    metadata = {"a": 1.0, "b": 1, "c": True, "d": None, "e": 1e300, "f": 0.1, "g": "\u2028"}
    candidate = Candidate(
        image_id="é", uri="https://images.example/é?a=%2F", prompt='"\\', created_at=made_at,
        metadata=metadata,
    )  # fmt: skip
    sent = request(
        "Grüße/\U0001f600", [candidate], request_id=f"hash-{uuid4()}", top_k=1, deadline_ms=5,
        exclude_ids=("x",), explain="all",
    )  # fmt: skip
    send_events(settings, [sent])
    read = [decode(CANDIDATES, record) for record in whole_topic(settings, CANDIDATES)]
    (own,) = [event for event in read if getattr(event, "request_id", "") == sent.request_id]
    assert isinstance(own, ImageCandidates)
    assert own.request_hash() == sent.request_hash()
