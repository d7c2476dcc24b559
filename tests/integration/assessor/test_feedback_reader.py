"""Every instance counts the feedback in Kafka, also after a restart, and forgets erased users."""

import asyncio
from uuid import uuid4

import pytest

from services.assessor.popularity.counts import Popularity
from services.assessor.popularity.feedback_reader import FeedbackReader
from shared.client.asynchronous import AsyncClient
from shared.domain.user import User
from shared.events.topics import ALL_TOPICS, FEEDBACK
from shared.events.wire.record import Outgoing
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from tests.integration.messaging.running_service import until

pytestmark = pytest.mark.kafka


async def test_popularity_survives_a_restart_and_forgets_erased_users(kafka: str) -> None:
    settings = MessagingSettings(kafka_bootstrap_servers=kafka)
    await asyncio.to_thread(provision, settings, ALL_TOPICS)
    tenant = f"tenant-{uuid4().hex[:8]}"
    ana, bo = User(tenant, "ana"), User(tenant, "bo")
    first, second = Popularity(), Popularity()
    async with AsyncClient(settings, tenant=tenant) as app, FeedbackReader(settings, first):
        await app.act("ana", "like", "a", uri="https://images.example/a.png")
        # A record that nobody can read stops nothing.
        await app._publisher.send(
            Outgoing(topic=FEEDBACK.name, key=b"x", value=b"{not json", headers=())
        )
        await app.act("bo", "like", "b", uri="https://images.example/b.png")

        async def both_count() -> bool:
            return first.count(ana) == first.count(bo) == 1

        await until(both_count)
        async with FeedbackReader(settings, second):
            assert second.count(ana) == second.count(bo) == 1
            await app.erase("ana")

            async def ana_is_gone() -> bool:
                return first.count(ana) == second.count(ana) == 0

            await until(ana_is_gone)
    third = Popularity()
    async with FeedbackReader(settings, third):
        assert (third.count(ana), third.count(bo)) == (0, 1)
