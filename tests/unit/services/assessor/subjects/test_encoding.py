"""The vectors of a feed are read once, and new images are encoded while the model scores."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest
from PIL.Image import Image

from services.assessor import service
from shared.embedding.images import encoded_images
from shared.embedding.protocol import Vectors
from shared.events import Event
from shared.vlm.protocol import Scores, ScoringInput
from tests.fakes.images import plain_image
from tests.unit.services.assessor.test_subject_scoring import BIRDS, FLOWERS, Setup
from tests.unit.services.assessor.users import request

SLATE = ("black", "yellow", "blue", "red")


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    setup = Setup()
    yield setup
    await setup.assessor.background_description.stop()


def wait_for_each_other(monkeypatch: pytest.MonkeyPatch, setup: Setup) -> None:
    """The model answers when the encoder has begun, and the encoder when the model has answered."""
    begun, scored = asyncio.Event(), asyncio.Event()
    score, encode = setup.assessor.model.score, setup.encoder.encode

    async def score_then(candidates: Sequence[ScoringInput]) -> list[Scores]:
        await begun.wait()
        scores = await score(candidates)
        scored.set()
        return scores

    async def encode_then(images: Sequence[Image]) -> Vectors:
        begun.set()
        await scored.wait()
        return await encode(images)

    monkeypatch.setattr(setup.assessor.model, "score", score_then)
    monkeypatch.setattr(setup.encoder, "encode", encode_then)


async def test_new_images_are_encoded_while_the_model_scores(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.store_profile(0.9)
    one_after_the_other = await setup.assessor.feed(request(*SLATE))
    again = Setup()
    await again.store_profile(0.9)
    wait_for_each_other(monkeypatch, again)
    async with asyncio.timeout(5):
        together = await again.assessor.feed(request(*SLATE))
    assert together.items == one_after_the_other.items
    assert sorted(again.encoder.encoded) == ["blue", "red"]  # the others are references


@pytest.mark.parametrize(
    ("deadline_ms", "order"), [(900, ["score", "encode"]), (60_000, ["encode", "score"])]
)
async def test_with_a_near_deadline_the_scores_come_first(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, deadline_ms: int, order: list[str]
) -> None:
    await setup.store_profile(0.9)
    began: list[str] = []
    score, encode = setup.assessor.model.score, setup.encoder.encode

    async def noted_score(candidates: Sequence[ScoringInput]) -> list[Scores]:
        await asyncio.sleep(0.05)
        began.append("score")
        return await score(candidates)

    async def noted_encode(images: Sequence[Image]) -> Vectors:
        began.append("encode")
        return await encode(images)

    monkeypatch.setattr(setup.assessor.model, "score", noted_score)
    monkeypatch.setattr(setup.encoder, "encode", noted_encode)
    feed = await setup.assessor.feed(request(*SLATE, deadline_ms=deadline_ms))
    assert began == order
    assert (feed.status, feed.subject_weight) == ("ok", 0.9)


@pytest.mark.parametrize("explain", ["none", "all"])
async def test_each_vector_is_read_once(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, explain: str
) -> None:
    await setup.store_profile(0.9)
    reads: Counter[str] = Counter()
    get = setup.store.get

    async def counted(content_hashes: Sequence[str]) -> dict[str, Vectors]:
        reads.update(content_hashes)
        return await get(content_hashes)

    monkeypatch.setattr(setup.store, "get", counted)
    feed = await setup.assessor.feed(request(*SLATE, explain=explain))
    assert feed.subject_weight == 0.9
    assert (feed.items[0].evidence is not None) is (explain == "all")
    # Of the four images two are references too.
    assert len(reads) == len({*BIRDS[:3], *FLOWERS[:3], *SLATE})
    assert set(reads.values()) == {1}


async def test_nothing_is_encoded_for_a_user_whose_references_have_no_vector(setup: Setup) -> None:
    await setup.store_profile(0.9)
    setup.store.by_hash.clear()
    await setup.assessor.feed(request(*SLATE))
    assert setup.encoder.encoded == []


async def test_a_model_that_fails_does_not_stop_the_encoding(setup: Setup) -> None:
    """The images of the feed have vectors for the next one."""
    await setup.store_profile(0.9)
    setup.assessor.model.unavailable["score"] = "it restarts"
    feed = await setup.assessor.feed(request(*SLATE))
    # The feed itself is ranked by the vectors.
    assert (feed.status, feed.subject_weight) == ("degraded", 0.9)
    assert all(item.subject is not None for item in feed.items)
    async with asyncio.timeout(5):
        while len(setup.store.by_hash) < 8:  # noqa: ASYNC110 - stored by a task of its own
            await asyncio.sleep(0.01)
    assert sorted(setup.encoder.encoded) == ["blue", "red"]


async def test_an_outage_that_no_step_waits_for_is_no_error(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    await setup.store_profile(0.9)
    setup.assessor.model.unavailable["score"] = setup.store.unavailable = "it restarts"
    feed = await setup.assessor.feed(request(*SLATE))
    assert feed.status == "degraded"
    assert "never retrieved" not in caplog.text


async def test_nothing_is_encoded_after_the_deadline(setup: Setup) -> None:
    await setup.store_profile(0.9)
    late = request(*SLATE, deadline_ms=1)
    feed = await setup.assessor.feed(late)
    assert (feed.status, feed.subject_weight) == ("degraded", None)
    assert setup.encoder.encoded == []


class FullEncoder:
    """An encoder that is in work on one image, so that the images of a feed wait for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, setup: Setup) -> None:
        self._released = asyncio.Event()
        encode = setup.encoder.encode

        async def encode_later(images: Sequence[Image]) -> Vectors:
            await self._released.wait()
            return await encode(images)

        monkeypatch.setattr(encoded_images, "MAX_RUNNING", 1)
        monkeypatch.setattr(setup.encoder, "encode", encode_later)
        blue = plain_image("blue", "blue")
        self._in_work = asyncio.create_task(
            setup.encoded_images.vectors({blue.content_hash: blue.pixels})
        )

    async def continue_until_idle(self) -> None:
        self._released.set()
        await self._in_work
        await asyncio.sleep(0.05)


async def test_a_feed_that_gives_up_adds_no_further_encoding(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.store_profile(0.9)
    full = FullEncoder(monkeypatch, setup)
    publish = setup.assessor.publisher.publish

    async def publish_later(event: Event) -> None:
        await full.continue_until_idle()
        await publish(event)

    monkeypatch.setattr(setup.assessor.publisher, "publish", publish_later)
    feed = await setup.assessor.feed(request("red", "yellow", deadline_ms=300, explain="none"))
    assert (feed.status, feed.subject_weight) == ("ok", None)
    assert setup.encoder.encoded == ["blue"]


async def test_no_encoding_continues_after_a_request_that_ends_early(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.store_profile(0.9)
    full = FullEncoder(monkeypatch, setup)
    setup.assessor.model.breaks.add("score")
    with pytest.raises(RuntimeError, match="a mistake in score"):
        await setup.assessor.feed(request("red", "yellow"))
    await full.continue_until_idle()
    assert setup.encoder.encoded == ["blue"]


async def test_encoding_starts_again_after_a_first_attempt_that_failed(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.store_profile(0.9)
    score = setup.assessor.model.score

    async def score_later(candidates: Sequence[ScoringInput]) -> list[Scores]:
        await asyncio.sleep(0.05)
        setup.store.unavailable = None
        return await score(candidates)

    monkeypatch.setattr(setup.assessor.model, "score", score_later)
    setup.store.unavailable = "it restarts"
    feed = await setup.assessor.feed(request(*SLATE))
    assert (feed.status, feed.subject_weight) == ("ok", 0.9)


async def test_a_feed_whose_scores_come_too_late_is_ranked_by_its_vectors(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MIN_LEFT_MS", 0.0)
    setup.assessor.service = setup.assessor.new_service()
    await setup.store_profile(0.9, references=1, dislikes=0)  # compared with the tenant's images
    setup.assessor.model.hangs.add("score")
    feed = await setup.assessor.feed(request(*SLATE, deadline_ms=400))
    assert {item.image_id for item in feed.items[:2]} == {"yellow", "red"}
    assert {item.tier for item in feed.items} == {"embedding"}
    assert feed.degraded_reason == (
        "the deadline was near; 0 images were ranked by their stored descriptions,"
        " 4 by their resemblance to the references"
    )


async def test_a_slow_read_after_the_deadline_does_not_delay_the_feed(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(**_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(service, "MIN_LEFT_MS", 0.0)
    monkeypatch.setattr(setup.assessor.image_store, "sample", never)
    setup.assessor.service = setup.assessor.new_service()
    await setup.store_profile(0.9, references=1, dislikes=0)
    setup.assessor.model.hangs.add("score")
    async with asyncio.timeout(5):
        feed = await setup.assessor.feed(request(*SLATE, deadline_ms=400))
    assert (feed.status, feed.subject_weight) == ("degraded", None)
