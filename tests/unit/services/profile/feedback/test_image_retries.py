"""Feedback whose image is unavailable is tried again later, and nothing else waits for it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.profile.feedback.new_reference import ImageUnavailable
from shared.domain.errors import Unavailable, Unprocessable
from shared.events import Feedback
from shared.events.topics import FEEDBACK, FEEDBACK_RETRY
from shared.events.wire.codec import encode
from shared.events.wire.record import Record
from shared.images.loader import LoadedImage
from shared.messaging.consume.retry_record import original_of
from shared.messaging.contract import Delivery
from tests.fakes.images import ColorImages
from tests.fakes.model import COLORS
from tests.unit.services.profile.service_on_fakes import NOW, ProfileSetup, feedback, words
from tests.unit.services.profile.test_erasure import erase, erased

AWAY = Unavailable("image host", "it answered 503")


class WaitingImages(ColorImages):
    """Images at an address with `waits` arrive when the test releases them."""

    def __init__(self) -> None:
        super().__init__()
        self.release = asyncio.Event()

    async def load(self, uri: str, **requester: Any) -> LoadedImage:
        if "waits" in uri:
            self.loads += 1
            await self.release.wait()
            return await super().load("drawing:pink")
        return await super().load(uri, **requester)


def delivered(event: Feedback) -> Delivery:
    record = encode(event)
    ms = round(event.occurred_at.timestamp() * 1000)
    return Delivery(Record(FEEDBACK.name, 1, 7, ms, record.key, record.value, record.headers))


def again(setup: ProfileSetup, number: int = -1) -> Delivery:
    """The delivery of a record of the retry topic, as the delayed path makes it."""
    sent = setup.publisher.records[number]
    ms = round((NOW + timedelta(minutes=9)).timestamp() * 1000)
    copy = Record(sent.topic, 0, number, ms, sent.key, sent.value, sent.headers)
    return Delivery(original_of(copy, topic=FEEDBACK))


@pytest.fixture
def setup() -> ProfileSetup:
    made = ProfileSetup(image_attempts=3)
    made.image_loader.refused["drawing:red"] = AWAY
    return made


async def test_an_event_whose_image_is_away_goes_to_the_retry_topic(setup: ProfileSetup) -> None:
    event = feedback("red")
    await setup.handlers.feedback(event, delivered(event))
    (record,) = setup.publisher.records
    assert (record.topic, record.key) == (FEEDBACK_RETRY.name, b"ana")
    headers = dict(record.headers)
    assert headers["x-source"] == b"feedback.v1/1/7"
    assert headers["x-attempts"] == b"1"
    assert b"answered 503" in (headers["x-detail"] or b"")
    assert setup.store.puts == 0
    assert setup.registry.get_sample_value("preferstream_profile_image_retries_total") == 1


async def test_an_event_counts_when_its_image_is_available_again(setup: ProfileSetup) -> None:
    event = feedback("red")
    await setup.handlers.feedback(event, delivered(event))
    setup.image_loader.refused.clear()
    await setup.handlers.feedback_again(event, again(setup))
    assert words((await setup.stored()).taste.preference) == ["red"]


async def test_the_last_attempt_makes_a_dead_letter(setup: ProfileSetup) -> None:
    event = feedback("red")
    await setup.handlers.feedback(event, delivered(event))
    await setup.handlers.feedback_again(event, again(setup))
    with pytest.raises(Unprocessable, match="unavailable in 3 attempts") as error:
        await setup.handlers.feedback_again(event, again(setup))
    assert error.value.reason == "image_unavailable"
    assert [dict(r.headers)["x-attempts"] for r in setup.publisher.records] == [b"1", b"2"]


async def test_an_event_whose_copy_cannot_be_written_is_not_done(setup: ProfileSetup) -> None:
    setup.publisher.unavailable = "no leader"
    event = feedback("red")
    with pytest.raises(Unavailable, match="no leader"):
        await setup.handlers.feedback(event, delivered(event))


async def test_an_erasure_covers_an_event_that_waits(setup: ProfileSetup) -> None:
    # The clock of the app is ahead, so only the time of the original record is before the erasure.
    event = feedback("red", at=600)
    original = delivered(feedback("red"))
    await setup.handlers.feedback(event, original)
    await erased(setup, erase())
    setup.image_loader.refused.clear()
    await setup.handlers.feedback_again(event, again(setup))
    assert setup.store.puts == 0


async def test_a_store_that_is_away_is_no_reason_for_the_retry_topic(setup: ProfileSetup) -> None:
    setup.store.unavailable = "it is away"
    event = feedback("green")
    with pytest.raises(Unavailable) as error:
        await setup.handlers.feedback(event, delivered(event))
    assert not isinstance(error.value, ImageUnavailable)
    assert setup.publisher.records == []


@pytest.mark.parametrize("reason", ["http_404", "not_an_image"])
async def test_an_image_that_its_host_refuses_stops_no_service(reason: str) -> None:
    setup = ProfileSetup()
    setup.image_loader.refused["https://h.example/i"] = Unprocessable(reason, "it is so")
    setup.image_loader.refused["file:///i"] = Unprocessable("no_such_file", "it is so")
    for uri, external in (("https://h.example/i", True), ("file:///i", False)):
        with pytest.raises(Unprocessable) as error:
            await setup.process(feedback("red", uri=uri))
        assert error.value.external is external


async def test_a_name_that_no_server_knows_now_is_tried_again() -> None:
    setup = ProfileSetup()
    setup.image_loader.refused["https://h.example/i"] = Unprocessable("unknown_host", "no such")
    with pytest.raises(ImageUnavailable):
        await setup.process(feedback("red", uri="https://h.example/i"))


async def test_one_bad_image_fails_its_own_event_of_a_batch_alone(setup: ProfileSetup) -> None:
    setup.image_loader.refused["drawing:blue"] = Unprocessable("not_an_image", "it is text")
    events = [feedback(color, at=n) for n, color in enumerate(("red", "green", "blue", "navy"))]
    results = await asyncio.gather(
        *(setup.service.process_feedback(event) for event in events), return_exceptions=True
    )
    assert [type(result) for result in results] == [
        ImageUnavailable, type(None), Unprocessable, type(None),
    ]  # fmt: skip
    assert set(words((await setup.stored()).taste.preference)) == {"green", "navy"}
    assert setup.model.calls["predict"] == 1


async def test_a_good_like_counts_while_forty_others_of_its_user_wait() -> None:
    images = WaitingImages()
    setup = ProfileSetup(image_loader=images)
    waiting = [feedback(f"waits-{n}", at=99) for n in range(40)]
    tasks = [asyncio.create_task(setup.process(event)) for event in waiting]
    await setup.process(feedback("red"))
    assert words((await setup.stored()).taste.preference) == ["red"]
    assert not any(task.done() for task in tasks)
    images.release.set()
    await asyncio.gather(*tasks)


async def test_an_image_that_takes_too_long_is_tried_again_later() -> None:
    setup = ProfileSetup(image_loader=WaitingImages(), image_attempt_seconds=0.05)
    with pytest.raises(ImageUnavailable, match=r"within 0\.05 s"):
        await setup.process(feedback("waits"))


async def test_above_the_limit_a_waiting_event_gives_its_place_up() -> None:
    images = WaitingImages()
    setup = ProfileSetup(image_loader=images, events_waiting_for_images=3)
    tasks = [asyncio.create_task(setup.process(feedback(f"waits-{n}", at=n))) for n in range(5)]
    await asyncio.sleep(2.0)
    failed = [n for n, task in enumerate(tasks) if task.done()]
    assert failed == [0, 1]
    assert all(isinstance(tasks[n].exception(), ImageUnavailable) for n in failed)
    images.release.set()
    await asyncio.gather(*tasks[2:])


async def test_a_burst_of_thousands_becomes_a_few_predictions_and_loads() -> None:
    setup = ProfileSetup(references_per_side=4)
    events = [feedback(COLORS[n % len(COLORS)], at=n) for n in range(3_000)]
    await setup.process(*events)
    assert [r.event_id for r in (await setup.stored()).references] == [
        str(event.event_id) for event in events[:-5:-1]
    ]
    assert setup.model.calls["predict"] <= 2
    assert setup.image_loader.loads <= 3 * 4


async def test_the_end_of_the_service_stops_loading() -> None:
    setup = ProfileSetup(image_loader=WaitingImages())
    task = asyncio.create_task(setup.process(feedback("waits")))
    await asyncio.sleep(0.5)
    task.cancel()
    await setup.service.close()
    with pytest.raises(asyncio.CancelledError):
        await task
