"""Images are described once each in the background, and no request waits for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.assessor.background.background_description import MAX_QUEUED, BackgroundDescription
from shared.vlm.background_work import Pace
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.images import plain_image
from tests.fakes.model import AT_ONCE, ColorModel, serving
from tests.fakes.stores import InMemoryImages


class Background:
    """A background description on fakes."""

    def __init__(self, *, batch_size: int = 2, pace: Pace = AT_ONCE) -> None:
        self.model = ColorModel()
        self.models = serving(self.model, pace=pace)
        self.store = InMemoryImages()
        self.description = BackgroundDescription(
            models=self.models,
            embedder=OneHotEmbedder(),
            image_store=self.store,
            batch_size=batch_size,
        )

    async def described(self, *colors: str) -> set[str]:
        """Those of the colors that are described once the queue is empty."""
        for _ in range(200):
            await asyncio.sleep(0)
        hashes = {plain_image("", color).content_hash: color for color in colors}
        stored = await self.store.descriptions(
            content_hashes=list(hashes), model_version=self.model.model_version
        )
        return {hashes[content_hash] for content_hash in stored}


@pytest.fixture
async def background() -> AsyncIterator[Background]:
    background = Background()
    yield background
    await background.description.stop()


async def test_every_offered_image_is_described_in_batches(background: Background) -> None:
    background.description.offer([plain_image("", c) for c in ("red", "blue", "green")])
    assert await background.described("red", "blue", "green", "pink") == {"red", "blue", "green"}
    assert background.model.calls["describe"] == 2


async def test_an_image_is_described_once_however_often_it_is_offered(
    background: Background,
) -> None:
    for _ in range(3):
        background.description.offer([plain_image("here", "red"), plain_image("there", "red")])
        await background.described()
    assert background.model.calls["describe"] == 1


async def test_a_new_model_describes_the_images_of_the_one_before(background: Background) -> None:
    for version in ("first", "second"):
        background.model.model_version = version
        background.description.offer([plain_image("", "red")])
        assert await background.described("red") == {"red"}
    assert background.model.calls["describe"] == 2


async def test_an_image_that_another_process_described_is_not_described_again(
    background: Background,
) -> None:
    background.description.offer([plain_image("", "red")])
    await background.described()
    other = BackgroundDescription(
        models=serving(background.model),
        embedder=OneHotEmbedder(),
        image_store=background.store,
        batch_size=2,
    )
    other.offer([plain_image("", "red"), plain_image("", "blue")])
    assert await background.described("blue") == {"blue"}
    await other.stop()
    assert background.model.described == ["red", "blue"]


async def test_an_image_is_described_after_the_model_is_available_again(
    background: Background,
) -> None:
    background.model.unavailable["describe"] = "out of memory"
    background.description.offer([plain_image("", "red")])
    assert await background.described("red") == set()
    background.model.unavailable.clear()
    background.description.offer([plain_image("", "red")])
    assert await background.described("red") == {"red"}


async def test_a_full_queue_drops_the_oldest_image(background: Background) -> None:
    many = [plain_image(str(n), "red") for n in range(MAX_QUEUED)]
    others = [type(image)(image.uri, str(n), image.pixels) for n, image in enumerate(many)]
    background.description.offer([plain_image("", "blue"), *others])
    assert await background.described("blue") == set()


async def test_stop_drops_the_queue(background: Background) -> None:
    background.description.offer([plain_image("", "red")])
    await background.description.stop()
    assert await background.described("red") == set()


async def test_no_image_is_described_while_a_request_is_in_work() -> None:
    background = Background(pace=Pace(quiet_seconds=0, max_pause_seconds=60))
    with background.models.background.request():
        background.description.offer([plain_image("", "red")])
        assert await background.described("red") == set()
    assert await background.described("red") == {"red"}
    await background.description.stop()
