"""Images are encoded once, in batches, and an image that cannot be encoded is left out alone."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.embedding.images import encoded_images
from shared.embedding.images.encoded_images import BATCH, UNREADABLE_SECONDS, EncodedImages
from shared.embedding.images.protocol import UnreadableImages
from shared.embedding.protocol import Vectors
from tests.fakes.stores import InMemoryImageVectors


class GrayEncoder:
    """The vector of a gray image is its level; 13 cannot be read and 0 has no direction."""

    name, dimension = "gray", 2

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.may_continue = asyncio.Event()
        self.may_continue.set()
        self.unavailable = False

    async def encode(self, images: Sequence[Image.Image]) -> Vectors:
        levels = [int(np.asarray(image).flat[0]) for image in images]
        self.calls.append(levels)
        await self.may_continue.wait()
        if self.unavailable:
            raise Unavailable("image encoder", "it restarts")
        vectors = {
            n: np.asarray([level, 0], np.float32) for n, level in enumerate(levels) if level != 13
        }
        if len(vectors) < len(levels):
            reason = Unprocessable("image_not_encodable", "it has thirteen")
            raise UnreadableImages(
                vectors=vectors,
                reasons={n: reason for n, level in enumerate(levels) if level == 13},
            )
        return np.stack(list(vectors.values()))


class Setup:
    def __init__(self) -> None:
        self.encoder, self.store, self.seconds = GrayEncoder(), InMemoryImageVectors(), 0.0
        self.images = EncodedImages(self.encoder, self.store, now=lambda: self.seconds)

    async def encode(self, *levels: int) -> set[str]:
        images = {str(level): Image.new("L", (8, 8), level) for level in levels}
        return set(await self.images.vectors(images))


async def test_images_are_encoded_and_stored_in_batches() -> None:
    setup = Setup()
    levels = range(1, 2 * BATCH + 2)
    expected = {str(level) for level in levels if level != 13}
    assert await setup.encode(*levels) == expected
    assert sorted(map(len, setup.encoder.calls)) == [1, BATCH, BATCH]
    assert set(setup.store.by_hash) == expected


async def test_an_image_without_a_vector_is_left_out_alone_and_tried_again_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    setup = Setup()
    assert await setup.encode(13, 0, 200) == {"200"}
    assert "it has thirteen" in caplog.text
    assert "image_vector_zero" in caplog.text
    assert await setup.encode(13, 0, 200) == {"200"}
    assert len(setup.encoder.calls) == 1
    setup.seconds += UNREADABLE_SECONDS
    assert await setup.encode(13, 0, 200) == {"200"}
    assert setup.encoder.calls[1] == [13, 0]


async def test_an_image_that_two_requests_need_at_once_is_encoded_once() -> None:
    setup = Setup()
    results = tuple(await asyncio.gather(setup.encode(1, 2), setup.encode(2, 3), setup.encode(3)))
    assert results == ({"1", "2"}, {"2", "3"}, {"3"})
    assert sorted(level for call in setup.encoder.calls for level in call) == [1, 2, 3]


async def test_the_work_of_a_request_that_gave_up_is_kept_for_the_next() -> None:
    setup = Setup()
    setup.encoder.may_continue.clear()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await setup.encode(1, 2)
    waiting = asyncio.create_task(setup.encode(1, 2))
    await asyncio.sleep(0)
    setup.encoder.may_continue.set()
    assert await waiting == {"1", "2"}
    assert len(setup.encoder.calls) == 1


async def test_an_outage_reaches_every_request_and_ends_with_it() -> None:
    setup = Setup()
    setup.encoder.unavailable = True
    results = await asyncio.gather(setup.encode(1), setup.encode(1, 2), return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)
    setup.encoder.unavailable = False
    assert await setup.encode(1, 2) == {"1", "2"}


async def test_images_wait_while_the_encoder_has_enough_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoded_images, "MAX_RUNNING", 2)
    setup = Setup()
    setup.encoder.may_continue.clear()
    first = asyncio.create_task(setup.encode(1, 2))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await setup.encode(3)
    later = asyncio.create_task(setup.encode(2, 4))
    await asyncio.sleep(0.01)
    assert setup.encoder.calls == [[1, 2]]
    setup.encoder.may_continue.set()
    assert await first == {"1", "2"}
    assert await later == {"2", "4"}
    # The image of the caller that gave up is not encoded.
    assert setup.encoder.calls == [[1, 2], [4]]


async def test_work_in_progress_ends_with_the_service() -> None:
    setup = Setup()
    setup.encoder.may_continue.clear()
    request = asyncio.create_task(setup.encode(1))
    await asyncio.sleep(0)
    await setup.images.close()
    with pytest.raises(asyncio.CancelledError):
        await request
