"""Two tastes go through a real Kafka: published, kept over a restart, and erased."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from shared.domain.joint_tastes import JointTaste
from shared.events import ProfileUpdated, UserErase
from shared.events.topics import PROFILES
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.messaging.read.tail import whole_topic
from tests.integration.messaging.running_service import until
from tests.integration.profile.running_profiles import Profiles
from tests.unit.services.profile.prediction.joint.test_stored_tastes import LookModel

pytestmark = pytest.mark.kafka


@pytest.fixture
async def profiles(kafka: str, tmp_path: Path) -> Profiles:
    made = Profiles(kafka, tmp_path)
    made.model = LookModel()
    await made.prepare()
    return made


async def test_two_tastes_keep_their_ids_over_a_restart_and_end_with_an_erasure(
    profiles: Profiles, tmp_path: Path
) -> None:
    def likes(color: str, *sizes: int) -> list[Event]:
        """Likes of images of one color whose contents differ by their size."""
        liked: list[Event] = []
        for size in sizes:
            file = tmp_path / f"{color}-{size}.png"
            Image.new("RGB", (size, size), color).save(file)
            liked.append(profiles.like("ana", file.as_uri()))
        return liked

    async def tastes(count: int) -> tuple[JointTaste, ...]:
        """The published tastes once the user has this many likes."""
        await until(lambda: _has(profiles, count))
        event = await _latest(profiles)
        assert event is not None
        return event.tastes

    async with profiles.service():
        await profiles.send(*likes("red", *range(8, 16)), *likes("green", *range(8, 15)))
        first = await tastes(15)
    assert [taste.preference.color[0].word for taste in first] == ["red", "green"]
    async with profiles.service():
        await profiles.send(*likes("green", 20, 21, 22))
        later = await tastes(18)
        # The second taste is now the larger one.
        assert [taste.taste_id for taste in later] == [taste.taste_id for taste in first[::-1]]
        user_id = profiles.prefix + "ana"
        assert len(await profiles.store.joint_vectors(tenant="default", user_id=user_id)) == 2
        await profiles.send(
            UserErase(event_id=uuid4(), occurred_at=datetime.now(UTC), user_id=user_id)
        )
        await until(lambda: _is_erased(profiles))
        assert await profiles.store.joint_vectors(tenant="default", user_id=user_id) == {}


async def _has(profiles: Profiles, count: int) -> bool:
    event = await _latest(profiles)
    return event is not None and event.evidence.liked == count


async def _is_erased(profiles: Profiles) -> bool:
    return await _latest(profiles) is None


async def _latest(profiles: Profiles) -> ProfileUpdated | None:
    """The latest published profile of the user; None after an erasure."""
    key = (profiles.prefix + "ana").encode()
    records = await asyncio.to_thread(lambda: list(whole_topic(profiles.settings, PROFILES)))
    own = [record for record in records if record.key == key]
    if not own or own[-1].value is None:
        return None
    event = decode(PROFILES, own[-1])
    assert isinstance(event, ProfileUpdated)
    return event
